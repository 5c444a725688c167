//! Names of transactions that span several servers, as XA has them (MySQL 8.4 manual, "XA Transaction SQL Statements").
//!
//! All branches of a transaction share the global part, which no other transaction ever has. The branch part begins
//! with the identity of the server where the transaction is decided, so that whoever finds a prepared branch knows
//! where to ask.

use std::fmt;
use std::sync::Arc;

/// The format number of Shardgate's branches ("SGAT"). Branches of other formats are other programs'.
pub const FORMAT: u32 = 0x5347_4154;
const PREFIX: &str = "sg-";
/// Bytes of each part at most.
const LONGEST: usize = 64;

/// The global part: which proxy made it, and its how-manieth it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gtrid {
    /// A random number, another for each process.
    pub owner: u64,
    /// Counts the transactions of that process.
    pub number: u64,
}

impl fmt::Display for Gtrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:016x}-{:x}", self.owner, self.number)
    }
}

impl Gtrid {
    /// Reads what `Display` writes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, number) = text.strip_prefix(PREFIX)?.split_once('-')?;
        let owner = Some(owner).filter(|owner| owner.len() == 16)?;
        let read = Self {
            owner: u64::from_str_radix(owner, 16).ok()?,
            number: u64::from_str_radix(number, 16).ok()?,
        };
        (read.to_string() == text).then_some(read)
    }
}

/// One branch. `Display` gives it as statements take it: `'sg-…','home-2',1397178708`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Xid {
    /// The transaction.
    pub gtrid: Gtrid,
    /// The identity of the server where it is decided: letters and digits.
    pub home: Arc<str>,
    /// Tells branches of one transaction apart, should two sources be one server.
    pub branch: u16,
}

impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}','{}-{}',{FORMAT}", self.gtrid, self.home, self.branch)
    }
}

impl Xid {
    /// Reads a row of XA RECOVER: its format, the length of the global part, and both parts one after the other. `None`:
    /// it is not Shardgate's.
    pub fn recovered(format: u64, gtrid_length: usize, data: &[u8]) -> Option<Self> {
        if format != u64::from(FORMAT) || gtrid_length > LONGEST {
            return None;
        }
        let (gtrid, rest) = data.split_at_checked(gtrid_length)?;
        let gtrid = Gtrid::parse(std::str::from_utf8(gtrid).ok()?)?;
        let (home, branch) = std::str::from_utf8(rest).ok()?.rsplit_once('-')?;
        // It goes into statements between quotes.
        if home.is_empty() || !home.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        Some(Self { gtrid, home: home.into(), branch: branch.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (owner, number) in [(0, 0), (u64::MAX, u64::MAX), (0xabc, 16)] {
            let gtrid = Gtrid { owner, number };
            assert_eq!(Gtrid::parse(&gtrid.to_string()), Some(gtrid));
            let xid = Xid { gtrid, home: "00ffAB".into(), branch: 65535 };
            let text = xid.to_string();
            let parts: Vec<&str> = text.split(',').map(|part| part.trim_matches('\'')).collect();
            let data = format!("{}{}", parts[0], parts[1]);
            assert!(parts[0].len() <= LONGEST && parts[1].len() <= LONGEST);
            assert_eq!(Xid::recovered(FORMAT.into(), parts[0].len(), data.as_bytes()), Some(xid));
            assert_eq!(Xid::recovered(1, parts[0].len(), data.as_bytes()), None);
        }
    }

    #[test]
    fn other_programs_branches_are_not_ours() {
        for data in [
            "sg-0000000000000abc-10",
            "sg-0000000000000abc-10x'y-1",
            "sg-0000000000000abc-10h-",
            "sg-0000000000000abc-10h-70000",
            "sg-0000000000000abc-010h-1",
            "sg-abc-10h-1",
            "",
            "sg-0000000000000ABC-10h-1",
        ] {
            assert_eq!(Xid::recovered(FORMAT.into(), 22.min(data.len()), data.as_bytes()), None, "{data}");
        }
        assert_eq!(Xid::recovered(FORMAT.into(), 64, b"short"), None);
        assert_eq!(Xid::recovered(FORMAT.into(), 1, &[0xff, 0xfe, 0x00]), None);
    }
}

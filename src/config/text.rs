//! The small languages inside of strings: `${VARIABLE:-default}`, `ds{0..3}`, `mysql://…`, `5s`, `64MiB`,
//! `source/schema.table`.

use std::time::Duration;

use super::model::Address;

/// Puts in the environment's values: `${NAME}` must exist, `${NAME:-text}` need not; `$${` is a plain `${`.
pub(super) fn fill(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if let Some(before) = rest[..start].strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &rest[start + 2..];
            continue;
        }
        out.push_str(&rest[..start]);
        let inside = &rest[start + 2..];
        let end = inside.find('}').ok_or("\"${\" without \"}\"; write \"$${\" for a plain \"${\"")?;
        let (name, default) = match inside[..end].split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (&inside[..end], None),
        };
        let value = environment(name).filter(|value| !value.is_empty() || default.is_none());
        match (value, default) {
            (Some(value), _) => out.push_str(&value),
            (None, Some(default)) => out.push_str(default),
            (None, None) => {
                return Err(format!(
                    "the environment has no variable {name}; set it, or write ${{{name}:-default}}"
                ));
            }
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// So many names one pattern may stand for.
const MANY: usize = 65_536;

/// `ds{0..3}/shop_{a,b}` → `ds0/shop_a`, `ds0/shop_b`, `ds1/shop_a` …: the first braces turn slowest. Numbers keep
/// the width of the first (`{00..15}`).
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let Some((head, rest)) = pattern.split_once('{') else {
        return Ok(vec![pattern.to_owned()]);
    };
    let (inside, tail) =
        rest.split_once('}').ok_or_else(|| format!("\"{{\" without \"}}\" in \"{pattern}\""))?;
    let choices: Vec<String> = match inside.split_once("..") {
        Some((first, last)) => {
            let bad = || format!("\"{{{inside}}}\" is no range; write {{0..3}}");
            let (low, high): (u32, u32) =
                (first.parse().map_err(|_| bad())?, last.parse().map_err(|_| bad())?);
            if low > high || (high - low) as usize >= MANY {
                return Err(bad());
            }
            let width = if first.starts_with('0') { first.len() } else { 0 };
            (low..=high).map(|n| format!("{n:0width$}")).collect()
        }
        None => inside.split(',').map(|choice| choice.trim().to_owned()).collect(),
    };
    let tails = expand(tail)?;
    if choices.len() * tails.len() > MANY {
        return Err(format!("\"{pattern}\" stands for more than {MANY} names"));
    }
    Ok(choices.iter().flat_map(|c| tails.iter().map(move |t| format!("{head}{c}{t}"))).collect())
}

/// `mysql://user[:password]@host[:port]`; `%40` and the like in user and password; IPv6 in brackets.
pub(super) fn address(text: &str) -> Result<Address, String> {
    let form = "write mysql://user:password@host:port";
    let rest =
        text.strip_prefix("mysql://").ok_or_else(|| format!("an address begins with mysql://; {form}"))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (account, place) =
        rest.rsplit_once('@').ok_or_else(|| format!("the address names no user; {form}"))?;
    let (user, password) = account.split_once(':').unwrap_or((account, ""));
    if user.is_empty() {
        return Err(format!("the address names no user; {form}"));
    }
    if place.contains(['/', '?', '#']) {
        return Err(format!(
            "nothing may follow host and port (schemas are named by the databases' shards); {form}"
        ));
    }
    let (host, port) = host_port(place, Some(3306)).map_err(|why| format!("{why}; {form}"))?;
    Ok(Address { host, port, user: percent_decoded(user)?, password: percent_decoded(password)? })
}

/// `host:port`, with `default` where no port is given.
pub(super) fn host_port(text: &str, default: Option<u16>) -> Result<(String, u16), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("\"[\" without \"]\"")?;
            (host, after.strip_prefix(':').or((!after.is_empty()).then_some(after)))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(format!("\"{text}\" names no host"));
    }
    let port = match (port, default) {
        (Some(port), _) => port.parse().ok(),
        (None, default) => default,
    };
    match port {
        Some(port) if port > 0 => Ok((host.to_owned(), port)),
        _ => Err(format!("\"{text}\" has no port between 1 and 65535")),
    }
}

fn percent_decoded(text: &str) -> Result<String, String> {
    let bad = || format!("\"{text}\" has a % that is no %XX; write %25 for it");
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).ok_or_else(bad);
        out.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(out).map_err(|_| bad())
}

/// `250ms`, `5s`, `10m`, `1h`; `0` is none.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        "" if number == 0 => Some(Duration::ZERO),
        _ => None,
    }
}

/// `65536`, `512KiB`, `64MiB`, `1GiB`.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let shift = match unit {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

/// `source/schema` or `source/schema.table`.
pub(super) fn place(text: &str) -> Result<(&str, &str, Option<&str>), String> {
    let bad = || format!("\"{text}\" is no place; write source/schema or source/schema.table");
    let (source, rest) = text.split_once('/').ok_or_else(bad)?;
    let (schema, table) = match rest.split_once('.') {
        Some((schema, table)) => (schema, Some(table)),
        None => (rest, None),
    };
    let good = |name: &str| !name.is_empty() && !name.contains(['/', '.', '`', ' ']);
    if good(source) && good(schema) && table.is_none_or(good) {
        Ok((source, schema, table))
    } else {
        Err(bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let env = |name: &str| (name == "A").then(|| "x".to_owned());
        assert_eq!(fill("1${A}2${B:-d}3$${A}", &env), Ok("1x2d3${A}".into()));
        assert!(fill("${B}", &env).unwrap_err().contains("no variable B"));
        assert!(fill("${A", &env).is_err());
    }

    #[test]
    fn braces_expand_in_order() {
        assert_eq!(
            expand("ds{0..1}/s.t_{0..1}").unwrap(),
            ["ds0/s.t_0", "ds0/s.t_1", "ds1/s.t_0", "ds1/s.t_1"]
        );
        assert_eq!(expand("{08..10}{a,b}").unwrap(), ["08a", "08b", "09a", "09b", "10a", "10b"]);
        for bad in ["ds{0..", "ds{3..0}", "ds{0..x}", "{0..9999}{0..9999}"] {
            assert!(expand(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        let a = address("mysql://app:p%40ss@db.local:3310").unwrap();
        assert_eq!(
            (a.host.as_str(), a.port, a.user.as_str(), a.password.as_str()),
            ("db.local", 3310, "app", "p@ss")
        );
        let a = address("mysql://root@[::1]").unwrap();
        assert_eq!((a.host.as_str(), a.port), ("::1", 3306));
        for bad in [
            "root@h",
            "mysql://h:3306",
            "mysql://r@h:0",
            "mysql://r@h:x",
            "mysql://r@h/db",
            "mysql://r%@h",
            "mysql://@h",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quantities() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        assert_eq!(duration("5"), None);
        assert_eq!(size("64MiB"), Some(64 << 20));
        assert_eq!(size("1 GiB"), Some(1 << 30));
        assert_eq!(size("x"), None);
    }
}

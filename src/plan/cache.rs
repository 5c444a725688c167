//! Plans by shape. A hit costs one hash of a number and one comparison of the shape, and allocates nothing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use super::ir::Plan;

/// What a plan depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'k> {
    /// A hash of the shape; different shapes may share it.
    pub hash: u64,
    /// The shape's bytes.
    pub shape: &'k [u8],
    /// The session's database.
    pub database: Option<&'k str>,
    /// `Topology::version`.
    pub topology: u64,
    /// Counts changes of the known table definitions.
    pub definitions: u64,
    /// Anything else of the session that changes how text is read (sql_mode bits, prepared or not).
    pub mode: u32,
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash ^ self.topology.rotate_left(17) ^ self.definitions.rotate_left(34));
        state.write_u32(self.mode);
    }
}

#[derive(Debug, Clone)]
struct Owned {
    hash: u64,
    shape: Box<[u8]>,
    database: Option<Box<str>>,
    topology: u64,
    definitions: u64,
    mode: u32,
}

impl Owned {
    fn borrow(&self) -> Key<'_> {
        Key {
            hash: self.hash,
            shape: &self.shape,
            database: self.database.as_deref(),
            topology: self.topology,
            definitions: self.definitions,
            mode: self.mode,
        }
    }
}

impl PartialEq for Owned {
    fn eq(&self, other: &Self) -> bool {
        self.borrow() == other.borrow()
    }
}

impl Eq for Owned {}

impl Hash for Owned {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrow().hash(state);
    }
}

impl Equivalent<Owned> for Key<'_> {
    fn equivalent(&self, key: &Owned) -> bool {
        *self == key.borrow()
    }
}

/// A bounded set of plans that many sessions use at once; the least useful leave.
pub struct Plans {
    cache: Cache<Owned, Arc<Plan>>,
    longest: usize,
}

impl std::fmt::Debug for Plans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plans").field("len", &self.cache.len()).finish_non_exhaustive()
    }
}

impl Plans {
    /// A cache for `entries` plans. Shapes longer than `longest` bytes are not kept.
    pub fn new(entries: usize, longest: usize) -> Self {
        Self { cache: Cache::new(entries), longest }
    }

    /// The plan for a key.
    pub fn get(&self, key: &Key<'_>) -> Option<Arc<Plan>> {
        self.cache.get(key)
    }

    /// Keeps a plan.
    pub fn put(&self, key: &Key<'_>, plan: Arc<Plan>) {
        if key.shape.len() > self.longest {
            return;
        }
        let owned = Owned {
            hash: key.hash,
            shape: key.shape.into(),
            database: key.database.map(Into::into),
            topology: key.topology,
            definitions: key.definitions,
            mode: key.mode,
        };
        self.cache.insert(owned, plan);
    }

    /// How many plans are kept.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Forgets all plans.
    pub fn clear(&self) {
        self.cache.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ir::Act;
    use crate::sql::facts::{Kind, Statement};

    fn plan() -> Arc<Plan> {
        let statement = Statement {
            kind: Kind::Empty,
            tables: Vec::new(),
            qualified: Vec::new(),
            functions: Vec::new(),
            user_variables: Vec::new(),
            assigns_user_variables: false,
            calls_stored: false,
            system_variables: Vec::new(),
            params: 0,
            hints: Vec::new(),
        };
        Arc::new(Plan {
            statement: Arc::new(statement),
            tables: Vec::new(),
            act: Act::Session,
            pins: false,
            renamed: false,
            lookup: None,
            images: None,
        })
    }

    #[test]
    fn a_plan_is_found_by_all_that_it_depends_on() {
        let plans = Plans::new(100, 1000);
        let key =
            Key { hash: 7, shape: b"SELECT ?", database: Some("a"), topology: 1, definitions: 1, mode: 0 };
        plans.put(&key, plan());
        assert!(plans.get(&key).is_some());
        for other in [
            Key { shape: b"SELECT 1", ..key },
            Key { database: Some("b"), ..key },
            Key { database: None, ..key },
            Key { topology: 2, ..key },
            Key { definitions: 2, ..key },
            Key { mode: 1, ..key },
        ] {
            assert!(plans.get(&other).is_none(), "{other:?}");
        }
        plans.clear();
        assert!(plans.is_empty());
    }

    #[test]
    fn long_shapes_are_not_kept() {
        let plans = Plans::new(100, 4);
        let key = Key { hash: 7, shape: b"SELECT ?", database: None, topology: 1, definitions: 1, mode: 0 };
        plans.put(&key, plan());
        assert_eq!(plans.len(), 0);
    }
}

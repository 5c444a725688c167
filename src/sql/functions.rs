//! Which functions are the servers' own: those write nothing. Any other may be a stored function, and do anything.

/// Families that MySQL and MariaDB both have, each with members of its own.
const FAMILIES: [&str; 3] = ["JSON_", "MBR", "ST_"];

/// Functions of both MySQL and MariaDB, and of one of them where the other's users have none of that name that writes
/// (manuals, "Built-In Function and Operator Reference"). Sorted by bytes.
#[rustfmt::skip]
const NATIVE: &[&str] = &[
    "ABS", "ACOS", "ADDDATE", "ADDTIME", "AES_DECRYPT", "AES_ENCRYPT", "ALL", "ANY", "ANY_VALUE", "ASCII",
    "ASIN", "ATAN", "ATAN2", "AVG", "BENCHMARK", "BIN", "BIN_TO_UUID", "BIT_AND", "BIT_COUNT", "BIT_LENGTH",
    "BIT_OR", "BIT_XOR", "CAST", "CEIL", "CEILING", "CHAR", "CHARACTER_LENGTH", "CHARSET", "CHAR_LENGTH",
    "COALESCE", "COERCIBILITY", "COLLATION", "COMPRESS", "CONCAT", "CONCAT_WS", "CONNECTION_ID", "CONV",
    "CONVERT", "CONVERT_TZ", "COS", "COT", "COUNT", "CRC32", "CUME_DIST", "CURDATE", "CURRENT_DATE",
    "CURRENT_ROLE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURTIME", "DATABASE", "DATE",
    "DATEDIFF", "DATE_ADD", "DATE_FORMAT", "DATE_SUB", "DAY", "DAYNAME", "DAYOFMONTH", "DAYOFWEEK",
    "DAYOFYEAR", "DEFAULT", "DEGREES", "DENSE_RANK", "ELT", "EXISTS", "EXP", "EXPORT_SET", "EXTRACT",
    "EXTRACTVALUE", "FIELD", "FIND_IN_SET", "FIRST_VALUE", "FLOOR", "FORMAT", "FOUND_ROWS", "FROM_BASE64",
    "FROM_DAYS", "FROM_UNIXTIME", "GEOMETRYCOLLECTION", "GET_FORMAT", "GET_LOCK", "GREATEST", "GROUPING",
    "GROUP_CONCAT", "HEX", "HOUR", "IF", "IFNULL", "INET6_ATON", "INET6_NTOA", "INET_ATON", "INET_NTOA",
    "INSERT", "INSTR", "INTERVAL", "ISNULL", "IS_FREE_LOCK", "IS_IPV4", "IS_IPV4_COMPAT", "IS_IPV4_MAPPED",
    "IS_IPV6", "IS_USED_LOCK", "IS_UUID", "LAG", "LASTVAL", "LAST_DAY", "LAST_INSERT_ID", "LAST_VALUE",
    "LCASE", "LEAD", "LEAST", "LEFT", "LENGTH", "LINESTRING", "LN", "LOAD_FILE", "LOCALTIME",
    "LOCALTIMESTAMP", "LOCATE", "LOG", "LOG10", "LOG2", "LOWER", "LPAD", "LTRIM", "MAKEDATE", "MAKETIME",
    "MAKE_SET", "MASTER_POS_WAIT", "MAX", "MD5", "MEDIAN", "MICROSECOND", "MID", "MIN", "MINUTE", "MOD", "MONTH",
    "MONTHNAME", "MULTILINESTRING", "MULTIPOINT", "MULTIPOLYGON", "NAME_CONST", "NEXTVAL", "NOW",
    "NTH_VALUE", "NTILE", "NULLIF", "NVL", "NVL2", "OCT", "OCTET_LENGTH", "ORD", "PERCENTILE_CONT",
    "PERCENTILE_DISC", "PERCENT_RANK",
    "PERIOD_ADD", "PERIOD_DIFF", "PI", "POINT", "POLYGON", "POSITION", "POW", "POWER", "QUARTER", "QUOTE",
    "RADIANS", "RAND", "RANDOM_BYTES", "RANK", "REGEXP_INSTR", "REGEXP_LIKE", "REGEXP_REPLACE",
    "REGEXP_SUBSTR", "RELEASE_ALL_LOCKS", "RELEASE_LOCK", "REPEAT", "REPLACE", "REVERSE", "RIGHT", "ROUND",
    "ROW", "ROW_COUNT", "ROW_NUMBER", "RPAD", "RTRIM", "SCHEMA", "SECOND", "SEC_TO_TIME", "SESSION_USER",
    "SETVAL", "SHA", "SHA1", "SHA2", "SHARDGATE_NEXT_ID", "SIGN", "SIN", "SLEEP", "SOME", "SOUNDEX",
    "SPACE", "SQRT", "STD", "STDDEV", "STDDEV_POP", "STDDEV_SAMP", "STRCMP", "STR_TO_DATE", "SUBDATE",
    "SUBSTR", "SUBSTRING", "SUBSTRING_INDEX", "SUBTIME", "SUM", "SYSDATE", "SYSTEM_USER", "TAN", "TIME",
    "TIMEDIFF", "TIMESTAMP", "TIMESTAMPADD", "TIMESTAMPDIFF", "TIME_FORMAT", "TIME_TO_SEC", "TO_BASE64",
    "TO_DAYS", "TO_SECONDS", "TRIM", "TRUNCATE", "UCASE", "UNCOMPRESS", "UNCOMPRESSED_LENGTH", "UNHEX",
    "UNIX_TIMESTAMP", "UPDATEXML", "UPPER", "USER", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "UUID",
    "UUID_SHORT", "UUID_TO_BIN", "VALUES", "VARIANCE", "VAR_POP", "VAR_SAMP", "VERSION", "WEEK", "WEEKDAY",
    "WEEKOFYEAR", "WEIGHT_STRING", "YEAR", "YEARWEEK",
];

/// Whether a name, in upper case, is that of a function which a server has of itself.
pub(super) fn is_native(upper: &str) -> bool {
    NATIVE.binary_search(&upper).is_ok() || FAMILIES.iter().any(|family| upper.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        assert!(NATIVE.is_sorted());
        assert!(is_native("COUNT") && is_native("ST_X") && !is_native("AUDITED"));
    }
}

//! Questions to a server about the session's time zone: which moments it has twice.

/// Answers a row where the clock is never put back; the offsets that zones may be named by are known without asking.
pub(super) const STEADY: &str = "SELECT 1 FROM DUAL \
     WHERE IF(@@time_zone = 'SYSTEM', @@system_time_zone, @@time_zone) IN ('UTC', 'Etc/UTC')";

/// Answers one of the minutes that the clock shows twice: whose time by the offset of the day before, or of the day after,
/// is another moment with the same look.
pub(super) fn twice(minutes: &[String]) -> String {
    let each: Vec<String> =
        minutes.iter().map(|minute| format!("SELECT TIMESTAMP'{minute}:00' AS t")).collect();
    format!(
        "SELECT t FROM (\
           SELECT t, u, TIMESTAMPDIFF(SECOND, FROM_UNIXTIME(u - 86400), t) - 86400 AS behind, \
             86400 - TIMESTAMPDIFF(SECOND, t, FROM_UNIXTIME(u + 86400)) AS ahead \
           FROM (SELECT t, UNIX_TIMESTAMP(t) AS u FROM ({}) AS shown) AS placed) AS moved \
         WHERE (behind <> 0 AND FROM_UNIXTIME(u + behind) = t) OR (ahead <> 0 AND FROM_UNIXTIME(u + ahead) = t) LIMIT 1",
        each.join(" UNION ALL ")
    )
}

// Generated keys of batches with Connector/J: HOST PORT USER PASSWORD DATABASE, where DATABASE holds the tables by_id, by_key,
// own_ids and native. Prints a line for each table, batch and way of sending it.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

public class WithConnectorJ {
    static final String[] TABLES = {"by_id", "by_key", "own_ids", "native"};
    static final int[] SIZES = {1, 10, 1000, 5000};
    static int batch = 0;

    public static void main(String[] args) throws SQLException {
        String url = "jdbc:mariadb://" + args[0] + ":" + args[1] + "/" + args[4] + "?user=" + args[2];
        String password = args.length > 3 && !args[3].isEmpty() ? "&password=" + args[3] : "";
        for (String way : new String[] {"rewriteBatchedStatements=true", "useServerPrepStmts=true&useBulkStmts=false"}) {
            try (Connection conn = DriverManager.getConnection(url + password + "&" + way)) {
                for (String table : TABLES) {
                    for (int size : SIZES) {
                        if (size > 1000 && !way.startsWith("rewrite")) continue;
                        report(way, table, size, "batch", inserted(conn, table, size));
                    }
                    for (int size : new int[] {3, 1000, 4096}) {
                        report(way, table, size, "one statement", together(conn, table, size));
                    }
                }
            }
        }
    }

    // A batch, as applications send it.
    static List<Long> inserted(Connection conn, String table, int size) throws SQLException {
        batch++;
        String sql = "INSERT INTO " + table + " (k, batch, n) VALUES (?, ?, ?)";
        try (PreparedStatement insert = conn.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
            for (int n = 0; n < size; n++) {
                insert.setLong(1, n * 7919L % 1000);
                insert.setInt(2, batch);
                insert.setInt(3, n);
                insert.addBatch();
            }
            int[] counts = insert.executeBatch();
            if (counts.length != size) throw new IllegalStateException(counts.length + " counts of " + size);
            return different(conn, table, keys(insert));
        }
    }

    // Rows of one INSERT that the application wrote itself.
    static List<Long> together(Connection conn, String table, int size) throws SQLException {
        batch++;
        StringJoiner rows = new StringJoiner(", ");
        for (int n = 0; n < size; n++) rows.add("(" + n * 7919L % 1000 + ", " + batch + ", " + n + ")");
        try (Statement insert = conn.createStatement()) {
            insert.executeUpdate("INSERT INTO " + table + " (k, batch, n) VALUES " + rows, Statement.RETURN_GENERATED_KEYS);
            return different(conn, table, keys(insert));
        }
    }

    static List<Long> keys(Statement statement) throws SQLException {
        List<Long> keys = new ArrayList<>();
        try (ResultSet rows = statement.getGeneratedKeys()) {
            while (rows.next()) keys.add(rows.getLong(1));
        }
        return keys;
    }

    // The keys, each that is not its row's as a negative number.
    static List<Long> different(Connection conn, String table, List<Long> keys) throws SQLException {
        try (Statement select = conn.createStatement();
                ResultSet rows = select.executeQuery("SELECT id FROM " + table + " WHERE batch = " + batch + " ORDER BY n")) {
            for (int n = 0; rows.next(); n++) {
                if (n >= keys.size()) keys.add(-1L);
                else if (rows.getLong(1) != keys.get(n)) keys.set(n, -keys.get(n));
            }
        }
        return keys;
    }

    static void report(String way, String table, int size, String what, List<Long> keys) {
        long wrong = keys.stream().filter(key -> key < 0).count();
        System.out.println(way + ": " + table + ", " + what + " of " + size + ": " + keys.size() + " keys, " + wrong + " wrong");
    }
}

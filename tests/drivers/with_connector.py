"""A tour with mysql-connector-python: HOST PORT USER PASSWORD DATABASE, where DATABASE holds the sample shop."""

import datetime
import decimal
import sys

import mysql.connector

HOST, PORT, USER, PASSWORD, DATABASE = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]


def connect(**options):
    return mysql.connector.connect(
        **{"host": HOST, "port": PORT, "user": USER, "password": PASSWORD, "database": DATABASE, "use_pure": PURE, **options}
    )


def equal(given, wanted):
    assert given == wanted, f"{given!r} instead of {wanted!r}"


def refused(errno, call, *args):
    try:
        call(*args)
    except mysql.connector.Error as error:
        assert error.errno in (errno if isinstance(errno, tuple) else (errno,)), error
        return
    raise AssertionError(f"no error {errno}")


def connecting():
    conn = connect()
    assert conn.is_connected()
    equal(conn.database, DATABASE)
    conn.ping()
    conn.cmd_reset_connection()
    conn.database = DATABASE
    cursor = conn.cursor()
    cursor.execute("SELECT name FROM users WHERE id = 1")
    equal(cursor.fetchall(), [("Bob",)])
    conn.cmd_change_user(USER, PASSWORD, DATABASE)
    cursor = conn.cursor()
    cursor.execute("SELECT DATABASE(), @a")
    equal(cursor.fetchall(), [(DATABASE, None)])
    conn.close()
    conn = connect(database=None)
    equal(conn.database, None)
    refused(1046, conn.cursor().execute, "SELECT * FROM users")
    conn.close()
    refused(1045, lambda: connect(password=PASSWORD + "x"))
    refused((1044, 1049), lambda: connect(database="no_such_database"))


def text():
    conn = connect(autocommit=True)
    cursor = conn.cursor()
    cursor.execute("SELECT id, name, balance, born, created FROM users WHERE id = %s", (2,))
    number, name, balance, born, created = cursor.fetchone()
    equal((number, name, type(balance), type(born), type(created)),
          (2, "bob", decimal.Decimal, datetime.date, datetime.datetime))
    cursor.execute("SELECT id FROM users ORDER BY name, id LIMIT 3")
    equal(len(cursor.fetchall()), 3)
    cursor.executemany("INSERT INTO users (id, name) VALUES (%s, %s)", [(2000 + n, f"n{n}") for n in range(100)])
    equal(cursor.rowcount, 100)
    cursor.execute("DELETE FROM users WHERE id BETWEEN 2000 AND 2099")
    equal(cursor.rowcount, 100)
    cursor.execute("INSERT INTO orders (user_id, product_id) VALUES (%(user)s, %(product)s)", {"user": 3, "product": 1})
    assert cursor.lastrowid > 0
    cursor.execute("DELETE FROM orders WHERE id = %s", (cursor.lastrowid,))
    equal(cursor.rowcount, 1)
    conn.close()


def prepared():
    conn = connect(autocommit=True)
    cursor = conn.cursor()
    cursor.execute("DROP TABLE IF EXISTS kinds")
    cursor.execute(
        "CREATE TABLE kinds (k INT PRIMARY KEY, i BIGINT, u BIGINT UNSIGNED, d DECIMAL(30,10), f DOUBLE, day DATE,"
        " moment DATETIME(6), t TIME(6), s VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, b BLOB)"
        " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"
    )
    cursor.close()
    rows = [
        (1, -5, 5, decimal.Decimal("-1.0000000001"), 0.1, datetime.date(2024, 2, 29),
         datetime.datetime(2024, 2, 29, 23, 59, 59, 999999), datetime.timedelta(hours=-5, microseconds=-1), "ä😀'\"\\", b"\x00\xff'"),
        (2, None, None, None, None, None, None, None, None, None),
        (3, 2**63 - 1, 2**63 - 1, decimal.Decimal("12345678901234567890.0123456789"), 1e300, datetime.date(1000, 1, 1),
         datetime.datetime(9999, 12, 31), datetime.timedelta(hours=838), "", b""),
        (4, -(2**63), 0, decimal.Decimal("0"), -0.5, datetime.date(1970, 1, 1), datetime.datetime(2000, 1, 1, 1, 2, 3),
         datetime.timedelta(0), "x" * 200, bytes(range(256))),
    ]
    cursor = conn.cursor(prepared=True)
    insert = "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    for row in rows:
        cursor.execute(insert, row)
        equal(cursor.rowcount, 1)
    for row in rows:
        cursor.execute("SELECT * FROM kinds WHERE k = ?", (row[0],))
        equal([plain(row) for row in cursor.fetchall()], [row])
    cursor.execute("SELECT k FROM kinds WHERE k IN (?, ?, ?) ORDER BY k DESC", (1, 3, 99))
    equal(cursor.fetchall(), [(3,), (1,)])
    cursor.execute("SELECT k, s FROM kinds WHERE d > ? ORDER BY d", (decimal.Decimal("-1"),))
    equal([row[0] for row in cursor.fetchall()], [4, 3])
    cursor.execute("SELECT COUNT(*), SUM(f) FROM kinds WHERE moment >= ?", (datetime.datetime(2000, 1, 1),))
    equal(cursor.fetchall()[0][0], 3)
    cursor.execute("UPDATE kinds SET s = ?, i = ? WHERE k = ?", ("new", None, 4))
    equal(cursor.rowcount, 1)
    cursor.execute("SELECT s, i FROM kinds WHERE k = ?", (4,))
    equal(cursor.fetchall(), [("new", None)])
    cursor.execute("DELETE FROM kinds WHERE k = ?", (4,))
    equal(cursor.rowcount, 1)
    cursor.close()
    cursor = conn.cursor(prepared=True)
    cursor.execute("INSERT INTO orders (user_id, product_id) VALUES (?, ?)", (3, 1))
    first = cursor.lastrowid
    cursor.execute("INSERT INTO orders (user_id, product_id) VALUES (?, ?)", (4, 2))
    assert cursor.lastrowid > first > 0
    cursor.close()
    cursor = conn.cursor(prepared=True)
    refused(1062, cursor.execute, "INSERT INTO kinds (k) VALUES (?)", (1,))
    refused(1146, cursor.execute, "SELECT * FROM missing WHERE a = ?", (1,))
    refused(1064, cursor.execute, "SELEC ?", (1,))
    cursor.close()
    cursor = conn.cursor(prepared=True)
    cursor.execute("SELECT ?, ?, ?", (1, "text", None))
    equal([value if not isinstance(value, bytearray) else value.decode() for value in cursor.fetchall()[0]][1:], ["text", None])
    conn.close()


def plain(row):
    return tuple(bytes(value) if isinstance(value, bytearray) else value for value in row)


def transactions():
    conn, other = connect(), connect(autocommit=True)
    cursor, seen = conn.cursor(), other.cursor()
    conn.start_transaction()
    assert conn.in_transaction
    cursor.execute("UPDATE users SET city = 'mine' WHERE id = 11")
    conn.rollback()
    assert not conn.in_transaction
    conn.start_transaction()
    cursor.execute("UPDATE users SET city = 'kept' WHERE id = 11")
    conn.commit()
    seen.execute("SELECT city FROM users WHERE id = 11")
    equal(seen.fetchall(), [("kept",)])
    conn.close()
    other.close()


def large():
    conn = connect()
    cursor = conn.cursor()
    cursor.execute("SELECT a.id, REPEAT('x', 2000) FROM products a, products b, products c, products d, products e")
    equal(sum(len(row[1]) for row in cursor), 8**5 * 2000)
    conn.close()


ways = [True] + ([False] if mysql.connector.HAVE_CEXT else [])
for PURE in ways:
    for part in (connecting, text, prepared, transactions, large):
        print(part.__name__, "in Python" if PURE else "in C")
        part()

"""A tour with PyMySQL: HOST PORT USER PASSWORD DATABASE, where DATABASE holds the sample shop."""

import datetime
import decimal
import sys

import pymysql
import pymysql.cursors
from pymysql.constants import CLIENT

HOST, PORT, USER, PASSWORD, DATABASE = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]


def connect(**options):
    return pymysql.connect(
        host=HOST, port=PORT, user=USER, password=PASSWORD, **{"database": DATABASE, "charset": "utf8mb4", **options}
    )


def equal(given, wanted):
    assert given == wanted, f"{given!r} instead of {wanted!r}"


def refused(errno, call, *args):
    try:
        call(*args)
    except pymysql.MySQLError as error:
        assert error.args[0] in (errno if isinstance(errno, tuple) else (errno,)), error
        return
    raise AssertionError(f"no error {errno}")


def connecting():
    with connect() as conn, conn.cursor() as cursor:
        cursor.execute("SELECT DATABASE()")
        equal(cursor.fetchone(), (DATABASE,))
        assert conn.get_server_info()
        assert conn.thread_id() > 0
        conn.ping()
    with connect(database=None) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT DATABASE()")
        equal(cursor.fetchone(), (None,))
        refused(1046, cursor.execute, "SELECT * FROM users")
        conn.select_db(DATABASE)
        cursor.execute("SELECT name FROM users WHERE id = 1")
        equal(cursor.fetchone(), ("Bob",))
        refused(1049, conn.select_db, "no_such_database")
    refused((1044, 1049), connect_to_nothing)
    refused(1045, lambda: pymysql.connect(host=HOST, port=PORT, user=USER, password=PASSWORD + "x"))
    refused(1045, lambda: pymysql.connect(host=HOST, port=PORT, user="nobody", password="x"))
    for charset in ("utf8mb4", "latin1"):
        with connect(charset=charset) as conn, conn.cursor() as cursor:
            cursor.execute("SELECT name FROM users WHERE id = %s", (5,))
            equal(cursor.fetchone(), ("Ärger",))
            cursor.execute("SELECT id FROM users WHERE name = %s ORDER BY id", ("Ärger",))
            assert (5,) in cursor.fetchall()


def connect_to_nothing():
    connect(database="no_such_database")


def reading():
    with connect() as conn, conn.cursor() as cursor:
        equal(cursor.execute("SELECT id, name FROM users WHERE id IN (1, 2, 3) ORDER BY id"), 3)
        equal(cursor.fetchall(), ((1, "Bob"), (2, "bob"), (3, "BOB")))
        equal([column[0] for column in cursor.description], ["id", "name"])
        cursor.execute("SELECT COUNT(*), SUM(balance), AVG(age), MAX(born) FROM users")
        count, total, mean, born = cursor.fetchone()
        equal((count, type(total), type(mean), type(born)), (30, decimal.Decimal, decimal.Decimal, datetime.date))
        cursor.execute("SELECT id FROM users ORDER BY id DESC LIMIT 3")
        equal(cursor.fetchall(), ((30,), (29,), (28,)))
        cursor.execute("SELECT u.name, o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 3 ORDER BY o.id")
        assert len(cursor.fetchall()) >= 10
        cursor.execute("SELECT name, email FROM users WHERE name LIKE '100\\%%' AND id > %s", (0,))
        equal(len(cursor.fetchall()), 1)
    with connect(cursorclass=pymysql.cursors.DictCursor) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT id, created FROM users WHERE id = 1")
        equal(cursor.fetchone()["created"].year, 2024)
    with connect(cursorclass=pymysql.cursors.SSCursor) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT a.id, b.id, REPEAT('x', 1000) FROM products a, products b, products c, products d")
        equal(sum(1 for _ in cursor), 4096)


def writing():
    with connect(autocommit=True) as conn, conn.cursor() as cursor:
        equal(cursor.execute("INSERT INTO users (id, name) VALUES (%s, %s)", (901, "It's 😀 \\ \"x\"")), 1)
        cursor.execute("SELECT name FROM users WHERE id = 901")
        equal(cursor.fetchone(), ("It's 😀 \\ \"x\"",))
        rows = [(1000 + n, f"many {n}", n, decimal.Decimal("1.25") * n) for n in range(500)]
        equal(cursor.executemany("INSERT INTO users (id, name, age, balance) VALUES (%s, %s, %s %% 100, %s)", rows), 500)
        cursor.execute("SELECT COUNT(*), SUM(balance) FROM users WHERE id BETWEEN 1000 AND 1499")
        equal(cursor.fetchone(), (500, decimal.Decimal("155937.50")))
        equal(cursor.execute("UPDATE users SET city = %s WHERE id = %s", ("Rom", 1001)), 1)
        equal(cursor.execute("UPDATE users SET city = 'Rom' WHERE id = 1001"), 0)
        equal(cursor.execute("UPDATE users SET city = 'Bari' WHERE id BETWEEN 1000 AND 1499"), 500)
        equal(cursor.execute("DELETE FROM users WHERE id BETWEEN 1000 AND 1499"), 500)
        equal(cursor.execute("INSERT INTO orders (user_id, product_id) VALUES (3, 1)"), 1)
        first = cursor.lastrowid
        assert first > 0
        cursor.execute("SELECT LAST_INSERT_ID()")
        equal(cursor.fetchone(), (first,))
        cursor.execute("SELECT user_id FROM orders WHERE id = %s", (first,))
        equal(cursor.fetchone(), (3,))
        equal(cursor.execute("INSERT INTO orders (user_id, product_id) VALUES (3, 1), (4, 1), (5, 1)"), 3)
        assert cursor.lastrowid > first
        equal(cursor.execute("DELETE FROM orders WHERE id >= %s", (first,)), 4)


def transactions():
    with connect(autocommit=False) as conn, connect(autocommit=True) as other:
        with conn.cursor() as cursor, other.cursor() as seen:
            cursor.execute("UPDATE users SET city = 'mine' WHERE id = 7")
            seen.execute("SELECT city FROM users WHERE id = 7")
            assert seen.fetchone() != ("mine",)
            conn.rollback()
            cursor.execute("SELECT city FROM users WHERE id = 7")
            assert cursor.fetchone() != ("mine",)
            conn.rollback()
            conn.begin()
            cursor.execute("UPDATE users SET city = 'mine' WHERE id = 7")
            conn.commit()
            seen.execute("SELECT city FROM users WHERE id = 7")
            equal(seen.fetchone(), ("mine",))
            conn.autocommit(True)
            equal(conn.get_autocommit(), True)


def errors():
    with connect() as conn, conn.cursor() as cursor:
        refused(1064, cursor.execute, "SELEC 1")
        refused(1146, cursor.execute, "SELECT * FROM missing")
        refused(1054, cursor.execute, "SELECT nothing FROM users WHERE id = 1")
        refused(1062, cursor.execute, "INSERT INTO users (id, name) VALUES (1, 'x')")
        refused(1048, cursor.execute, "INSERT INTO users (id, name) VALUES (77777, NULL)")
        refused(1406, cursor.execute, "INSERT INTO users (id, name) VALUES (77777, REPEAT('x', 100))")
        conn.rollback()
        cursor.execute("SELECT 1")
        equal(cursor.fetchone(), (1,))
    with connect(client_flag=CLIENT.MULTI_STATEMENTS) as conn, conn.cursor() as cursor:
        try:
            cursor.execute("SELECT 1; SELECT 2")
            equal(cursor.fetchone(), (1,))
            assert cursor.nextset()
            equal(cursor.fetchone(), (2,))
        except pymysql.MySQLError as error:
            assert error.args[0] in (1235, 1064), error
        cursor.execute("SELECT 3")
        equal(cursor.fetchone(), (3,))


def found_rows():
    with connect(client_flag=CLIENT.FOUND_ROWS, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.execute("UPDATE users SET city = 'found' WHERE id IN (8, 9, 10)")
        equal(cursor.execute("UPDATE users SET city = 'found' WHERE id IN (8, 9, 10)"), 3)


def large():
    with connect(autocommit=True, max_allowed_packet=64 << 20) as conn, conn.cursor() as cursor:
        for size in (1 << 16, 1 << 20, (1 << 24) - 60, (1 << 24) + 1000):
            cursor.execute("SELECT LENGTH(%s)", ("x" * size,))
            equal(cursor.fetchone(), (size,))
            cursor.execute(f"SELECT REPEAT('y', {size})")
            equal(len(cursor.fetchone()[0]), size)


for part in (connecting, reading, writing, transactions, errors, found_rows, large):
    print(part.__name__)
    part()

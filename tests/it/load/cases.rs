//! Files, and the options that they are loaded with.

/// One LOAD DATA LOCAL.
pub struct Case {
    /// Between INFILE and INTO TABLE: REPLACE, IGNORE.
    pub mode: &'static str,
    /// Between the table and the list of columns.
    pub options: &'static str,
    /// The list of columns, and SET. `{t}` is the table.
    pub list: &'static str,
    pub file: &'static [u8],
    /// Tables whose rows are placed or numbered one by one may refuse it.
    pub may_refuse: bool,
    /// Run before.
    pub before: &'static str,
}

const PLAIN: Case =
    Case { mode: "", options: "", list: "(k, a, b)", file: b"", may_refuse: false, before: "" };
const CSV: Case = Case { options: "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", ..PLAIN };

pub const CASES: &[Case] = &[
    Case { file: b"1\tx\ty\n2\tzz\t\n3\t\tend\n77\ta b\tc d\n", ..PLAIN },
    Case { file: b"1\tx\ty\n2\tlast\tline", ..PLAIN },
    PLAIN,
    Case { file: b"5\ta\t", ..PLAIN },
    Case { file: b"5\ta\n6\n7\tb\tc\n", ..PLAIN },
    Case { file: b"5\ta\tb\tc\td\n6\tx\ty\n7\t1\t2\t\n", ..PLAIN },
    Case { file: b"1\ta\\tb\\nc\\\\d\tq\\0\\Z\\b\\r\\x\n2\tline\\\nbreak\ttab\\\tin\n", ..PLAIN },
    Case { file: b"1\t\\N\tN\n2\tNULL\t\\N\n3\t\\Nx\tx\\N\n", ..PLAIN },
    Case { file: b"1\tx\ty\r\n2\tz\t\r\n", ..PLAIN },
    Case { options: "LINES TERMINATED BY '\\r\\n'", file: b"1\tx\ty\r\n2\tz\r\t\n\r\n3\t\t", ..PLAIN },
    Case { options: "LINES TERMINATED BY '\\r'", file: b"1\tx\ty\r2\tz\tq", ..PLAIN },
    Case { options: "LINES TERMINATED BY ';'", file: b"1\tx\n\ty;2\tz\tq\n;3\ta\tb", ..PLAIN },
    Case { file: b"1,\"a,b\",\"c\"\"d\"\n2,\"two\nlines\",x\n\"3\",e,\"f\"\n", ..CSV },
    Case {
        options: "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\r\\n'",
        file: b"1,\"a\r\nb\",c\r\n2,d,\"e\"\r\n",
        ..PLAIN
    },
    Case { file: b"1,NULL,\"NULL\"\n2,\\N,\"\\N\"\n3,NULLs,\"\"\n", ..CSV },
    Case { file: b"1,\"a\"b\",c\"d\n2,\"e\" ,f\",\"g\"\n3,\"\"\"\",\"x\"\"\"\n", ..CSV },
    Case { file: b"1,\"not closed,b\n2,c,d\n", ..CSV },
    Case { file: b"1,\"a\"", ..CSV },
    Case { file: b"1,a,b,\"too\nmany\"\n2,c,d\n", may_refuse: true, ..CSV },
    Case {
        options: "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '\"'",
        file: b"1,\"a\"\"b\",\"c\\n\"\n2,\"d\",e\n",
        ..PLAIN
    },
    Case { options: "FIELDS TERMINATED BY ',' ESCAPED BY ''", file: b"1,a\\nb,\\N\n2,\\,c\\\n", ..PLAIN },
    Case {
        options: "FIELDS TERMINATED BY ',' ESCAPED BY '|'",
        file: b"1,a|,b,c|nd\n2,|N,\\N\n3,e|\n,f\n",
        ..PLAIN
    },
    Case {
        options: "FIELDS TERMINATED BY '<=>' LINES TERMINATED BY '||\\n'",
        file: b"1<=>a<=b<=>c|d||\n2<=>e\n||<=>f|\n||\n",
        ..PLAIN
    },
    Case { options: "FIELDS TERMINATED BY ',,'", file: b"1,,a,b,,c\n2,,,,,d\n", ..PLAIN },
    Case {
        options: "LINES STARTING BY 'xxx'",
        file: b"xxx1\ta\tb\nno\nabc xxx2\tc\td\nxx\nxxx3\te\tf",
        ..PLAIN
    },
    Case {
        options: "FIELDS TERMINATED BY ',' LINES STARTING BY '>' TERMINATED BY ';'",
        file: b">1,a,b;\n>2,c>d,e;",
        ..PLAIN
    },
    Case { options: "IGNORE 1 LINES", file: b"k\ta\tb\n1\tx\ty\n2\tz\tq\n", ..PLAIN },
    Case { options: "IGNORE 2 ROWS", file: b"head\\\nstill head\nsecond\n1\tx\ty\n", ..PLAIN },
    Case { options: "IGNORE 9 LINES", file: b"1\tx\ty\n2\tz\tq\n", ..PLAIN },
    Case {
        options: "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' LINES STARTING BY '#' IGNORE 1 LINES",
        file: b"\"head\n#1,\"a\",b\n#2,c,d\n",
        ..PLAIN
    },
    Case { options: "FIELDS TERMINATED BY 0x2c LINES TERMINATED BY x'0a'", file: b"1,a,b\n2,c,d\n", ..PLAIN },
    Case { options: "COLUMNS TERMINATED BY ';' TERMINATED BY ','", file: b"1,a;,b\n", ..PLAIN },
    Case { list: "(k, a, @b) SET b = UPPER(@b), d = 1.5", file: b"1\tx\ty\n2\tz\t\\N\n", ..PLAIN },
    Case { list: "(k, @skip, a)", file: b"1\tno\tyes\n2\tno\n3\tno\tx\ty\n", ..PLAIN },
    Case {
        list: "(k, a) SET b = CONCAT(@from, '?'), d = DEFAULT",
        before: "SET @from = 'session'",
        file: b"1\tx\n2\ty\n",
        ..PLAIN
    },
    Case { list: "(k, @a) SET a = (SELECT CONCAT(@a, '+'))", file: b"1\tx\n2\ty\n", ..PLAIN },
    Case { list: "(b, k, a)", file: b"y\t1\tx\nq\t2\tz\n", ..PLAIN },
    Case { list: "({t}.k, `a`)", file: b"1\tx\n", ..PLAIN },
    Case { list: "/* what */ (k, a) -- end", file: b"1\tx\n", ..PLAIN },
    Case { options: "CHARACTER SET latin1", file: b"1\t\xe9t\xe9\t\xff\n2\t\x80\tx\n", ..PLAIN },
    Case {
        options: "CHARACTER SET utf8mb4",
        file: "1\t\u{1F600}é\t漢字\n2\t€\t\u{10FFFF}\n".as_bytes(),
        ..PLAIN
    },
    Case { file: "1\t\u{1F600}é\t漢字\n".as_bytes(), ..PLAIN },
    Case {
        options: "CHARACTER SET utf8mb4",
        file: b"1\t\xff\xfe\tx\n2\ta\xf0\x9f\tb\n3\t\xf0\tc\n",
        ..PLAIN
    },
    Case {
        options: "CHARACTER SET binary",
        list: "(k, c)",
        file: b"1\t\x00\x01\xff\\0\\n\xc3\n2\t\\\\\n",
        ..PLAIN
    },
    Case {
        list: "(k, a, d)",
        file: b"1\tx\t1.234\n2\ty\tabc\n3\tz\t\n4\tw\t99999999999\n5\tv\t\\N\n",
        ..PLAIN
    },
    Case {
        list: "(k, a)",
        file: b"1\t0123456789012345678901234567890123456789012345678901234567890123456789\n",
        ..PLAIN
    },
    Case {
        list: "(k, u, a)",
        file: b"1\t1\tone\n1\t2\ttwo\n1\t1\tagain\n2\t1\tother\n1\t2\tmore\n",
        ..PLAIN
    },
    Case { mode: "IGNORE", list: "(k, u, a)", file: b"1\t1\tone\n1\t1\tagain\n2\t1\tother\n", ..PLAIN },
    Case {
        mode: "REPLACE",
        list: "(k, u, a)",
        file: b"1\t1\tone\n1\t1\tagain\n2\t1\tother\n1\t1\tlast\n",
        ..PLAIN
    },
    Case { mode: "REPLACE", list: "(k, a, d)", file: b"1\tx\t1\n2\ty\tabc\n3\tz\t2\n", ..PLAIN },
    Case { mode: "REPLACE", list: "(k, a, b)", file: b"1\tx\t1\n2\ty\n3\tz\t2\n", ..PLAIN },
    // Keys and formats that only a server can read.
    Case { file: b"12abc\tx\ty\n", may_refuse: true, ..PLAIN },
    Case { file: b" 7\tx\ty\n007\tz\tq\n", may_refuse: true, ..PLAIN },
    Case { file: b"\n1\tx\ty\n", may_refuse: true, ..PLAIN },
    Case { list: "(a, k)", file: b"x\t1\ny\n", may_refuse: true, ..PLAIN },
    Case { list: "(@k, a) SET k = @k + 1", file: b"1\tx\n2\ty\n", may_refuse: true, ..PLAIN },
    Case { options: "LINES TERMINATED BY ''", file: b"1\tx\ty", may_refuse: true, ..PLAIN },
    Case { options: "LINES TERMINATED BY '\\t'", file: b"1\tx\ty\t2\tz\tq", may_refuse: true, ..PLAIN },
    Case { options: "CHARACTER SET gbk", file: b"1\tx\ty\n", may_refuse: true, ..PLAIN },
    Case { options: "CHARACTER SET nothing", file: b"1\tx\ty\n", may_refuse: true, ..PLAIN },
    // Mistakes.
    Case { options: "FIELDS ENCLOSED BY 'ab'", file: b"1\tx\ty\n", ..PLAIN },
    Case { list: "(k, a, nothing)", file: b"1\tx\ty\n2\tz\tq\n", ..PLAIN },
    Case { list: "(k, a) SET nothing = 1", file: b"1\tx\ty\n", ..PLAIN },
    Case { options: "FIELDS TERMINATED", may_refuse: true, ..PLAIN },
];

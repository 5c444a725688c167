//! Table tests of the lexer.

use super::*;

fn cut(text: &str, mode: Mode) -> String {
    let mut lexer = Lexer::new(text.as_bytes(), mode);
    let mut out = Vec::new();
    loop {
        let token = lexer.token();
        if token.kind == Kind::End {
            return out.join(" ");
        }
        let name = match token.kind {
            Kind::Op(op) => format!("{op:?}"),
            Kind::ExecOpen { version, maria } => format!("Exec{version}{}", if maria { "M" } else { "" }),
            kind => format!("{kind:?}"),
        };
        out.push(format!("{name}[{}]", String::from_utf8_lossy(token.of(text.as_bytes()))));
    }
}

#[test]
fn tokens_are_cut_as_mysql_cuts_them() {
    let table = [
        ("a b_1 $c é 1abc 0xZZ 0x1g", "Word[a] Word[b_1] Word[$c] Word[é] Word[1abc] Word[0xZZ] Word[0x1g]"),
        (
            "1 1.5 1. .5 1e5 1.e5 .5E-3 1e+5 1e",
            "Int[1] Decimal[1.5] Decimal[1.] Decimal[.5] Float[1e5] Float[1.e5] Float[.5E-3] Float[1e+5] Word[1e]",
        ),
        (
            "t.1 db.1a.2b `t`.5",
            "Word[t] Dot[.] Word[1] Word[db] Dot[.] Word[1a] Dot[.] Word[2b] Quoted[`t`] Dot[.] Word[5]",
        ),
        ("t .5", "Word[t] Decimal[.5]"),
        ("1.5abc", "Decimal[1.5] Word[abc]"),
        ("'a''b' 'a\\'b' \"x\"\"y\" 'a\\\\'", "Str['a''b'] Str['a\\'b'] Str[\"x\"\"y\"] Str['a\\\\']"),
        ("'a", "Bad['a]"),
        ("`a``b` `x", "Quoted[`a``b`] Bad[`x]"),
        (
            "x'4D' X'4d' 0x4D b'101' 0b101 N'x' n'y' x'4'",
            "Hex[x'4D'] Hex[X'4d'] Hex[0x4D] Bit[b'101'] Bit[0b101] NationalStr[N'x'] NationalStr[n'y'] Bad[x'4']",
        ),
        ("0X4D 0B1", "Word[0X4D] Word[0B1]"),
        (
            "@a @`b c` @'d' @@x @@session.y @@`z` @ @a.b",
            "UserVar[@a] UserVar[@`b c`] UserVar[@'d'] SysVar[@@x] SysVar[@@session.y] SysVar[@@`z`] At[@] UserVar[@a.b]",
        ),
        (
            "a:=1<=>2->'x'->>'y'&&||!=<><<>>",
            "Word[a] Assign[:=] Int[1] NullSafeEq[<=>] Int[2] Arrow[->] Str['x'] LongArrow[->>] Str['y'] AndAnd[&&] Pipes[||] Ne[!=] Ne[<>] Shl[<<] Shr[>>]",
        ),
        ("5--5 -- c\n6#d\n7", "Int[5] Minus[-] Minus[-] Int[5] Comment[-- c\n] Int[6] Comment[#d\n] Int[7]"),
        ("a/*x*//*+ h */b/*", "Word[a] Comment[/*x*/] Hint[/*+ h */] Word[b] Bad[/*]"),
        ("/*/ x */ a", "Comment[/*/ x */] Word[a]"),
        (
            "/*!50000 a*/ /*! b*/ /*M!100100 c */ */",
            "Exec50000[/*!50000] Word[a] ExecClose[*/] Exec0[/*!] Word[b] ExecClose[*/] Exec100100M[/*M!100100] Word[c] ExecClose[*/] Star[*] Slash[/]",
        ),
        (
            "/*M!999999\\- enable the sandbox mode */ a",
            "Comment[/*M!999999\\- enable the sandbox mode */] Word[a]",
        ),
        ("/*! a /* b */ c */", "Exec0[/*!] Word[a] Comment[/* b */] Word[c] ExecClose[*/]"),
        ("(?,;)", "Open[(] Param[?] Comma[,] Semicolon[;] Close[)]"),
        ("_utf8mb4'x'", "Word[_utf8mb4] Str['x']"),
        ("--", "Comment[--]"),
    ];
    for (text, want) in table {
        assert_eq!(cut(text, Mode::default()), want, "{text}");
    }
}

#[test]
fn modes_change_quotes_and_backslashes() {
    let ansi = Mode { ansi_quotes: true, ..Mode::default() };
    assert_eq!(cut("\"a\"\"b\"", ansi), "Quoted[\"a\"\"b\"]");
    let plain = Mode { no_backslash_escapes: true, ..Mode::default() };
    assert_eq!(cut("'a\\' b", plain), "Str['a\\'] Word[b]");
}

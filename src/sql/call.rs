//! Function calls: plain ones, those with a grammar of their own, aggregates and windows.

use super::expr::{BIT_EXPR, Node};
use super::facts::{Aggregate, Func, Operand, Span};
use super::lex::{Kind, Op};
use super::parse::{Parser, Read};
use super::{functions, words};

/// What stands between a call's parentheses.
#[derive(Default)]
struct Args {
    distinct: bool,
    star: bool,
    spans: Vec<Span>,
    /// Their values, where upper rooms ask for them.
    operands: Vec<Option<Operand>>,
}

impl Parser<'_> {
    /// Reads a call; the cursor is at the function's name, before `(`. `first` is where its qualifier starts.
    pub(super) fn call(&mut self, first: usize) -> Read<Node> {
        let qualified = first != self.pos;
        let word = self.word(0);
        if !qualified && words::is_reserved(word) && !words::is_reserved_function(word) {
            return Err(self.unexpected("an expression"));
        }
        let upper = self.text_of(self.pos).to_ascii_uppercase();
        match upper.as_str() {
            _ if qualified => {}
            "MATCH" => return self.match_against(),
            "INTERVAL" if !self.has_comma(self.pos + 1) => return self.interval(),
            _ => {}
        }
        self.calls_stored |= qualified || self.kind() == Kind::Quoted || !functions::is_native(&upper);
        let name = self.pos;
        self.step();
        let mark = self.scopes.last().map_or(0, |s| s.columns.len());
        self.open()?;
        let given = self.kind() != Kind::Close;
        let mut args = self.nested(|p| p.args(&upper))?;
        self.close()?;
        if !qualified {
            self.note_function(&upper, name, given, std::mem::take(&mut args.operands));
        }
        let end = self.pos - 1;
        if self.over()? {
            if let Some(scope) = self.scopes.last_mut() {
                scope.window = true;
            }
            return Ok(Node::Other);
        }
        let Some(func) = func(&upper, &args).filter(|_| !qualified) else { return Ok(Node::Other) };
        let columns = self.scopes.last().and_then(|s| s.columns.get(mark..)).unwrap_or(&[]).to_vec();
        let span = self.span(name, end);
        let aggregate = Aggregate { func, distinct: args.distinct, args: args.spans, columns, span };
        if let Some(scope) = self.scopes.last_mut() {
            scope.aggregates.push(aggregate.clone());
        }
        Ok(Node::Aggregate(aggregate))
    }

    /// Whether the parentheses at `open` have a comma of their own.
    fn has_comma(&self, open: usize) -> bool {
        let close = self.tokens.get(open).map_or(open, |t| t.link as usize);
        let mut i = open + 1;
        while i < close {
            match self.tokens[i].kind {
                Kind::Comma => return true,
                Kind::Open => i = self.tokens[i].link as usize,
                _ => {}
            }
            i += 1;
        }
        false
    }

    /// Everything between the parentheses of a call.
    fn args(&mut self, upper: &str) -> Read<Args> {
        let mut args = Args::default();
        if self.kind() == Kind::Close {
            return Ok(args);
        }
        if self.kind() == Kind::Op(Op::Star) && self.tok(1).kind == Kind::Close {
            self.step();
            args.star = true;
            return Ok(args);
        }
        match upper {
            "EXTRACT" | "TIMESTAMPADD" | "TIMESTAMPDIFF" if words::is_unit(self.word(0)) => {
                self.step();
                if !self.eat("FROM") {
                    self.expect_kind(Kind::Comma, "`,`")?;
                }
            }
            "GET_FORMAT" if self.is_any(&["DATE", "TIME", "DATETIME", "TIMESTAMP"]) => {
                self.step();
                self.expect_kind(Kind::Comma, "`,`")?;
            }
            "TRIM" if self.eat_any(&["LEADING", "TRAILING", "BOTH"]) && self.eat("FROM") => {}
            "POSITION" => {
                self.climb(BIT_EXPR)?;
                self.expect("IN")?;
            }
            _ => {}
        }
        args.distinct = self.eat_any(&["DISTINCT", "DISTINCTROW"]);
        if !args.distinct {
            self.eat("ALL");
        }
        loop {
            let first = self.pos;
            let value = self.climb(0)?;
            if upper == "SHARDGATE_NEXT_ID" {
                args.operands.push(value.operand());
            }
            args.spans.push(self.since(first));
            self.arg_tail(upper)?;
            if !self.eat_kind(Kind::Comma) {
                return Ok(args);
            }
        }
    }

    /// What may follow an argument in functions with a grammar of their own.
    fn arg_tail(&mut self, upper: &str) -> Read<()> {
        match upper {
            "CAST" | "CONVERT" | "WEIGHT_STRING" | "CHAR" => {
                if self.eat("USING") {
                    if !self.eat_kind(Kind::Str) {
                        self.any_name()?;
                    }
                } else if self.is("AS") || (upper == "CONVERT" && self.kind() == Kind::Comma) {
                    self.step();
                    self.skip_until(|p| p.kind() == Kind::Comma);
                }
            }
            "TRIM" | "SUBSTRING" | "SUBSTR" | "MID" => {
                if self.eat("FROM") {
                    self.climb(0)?;
                }
                if self.eat("FOR") {
                    self.climb(0)?;
                }
            }
            "GROUP_CONCAT" | "JSON_ARRAYAGG" | "JSON_OBJECTAGG" => {
                if self.eat_run(&["ORDER", "BY"]) {
                    self.order_list()?;
                }
                if self.eat("SEPARATOR") {
                    self.climb(BIT_EXPR)?;
                }
                if self.eat("LIMIT") {
                    self.limit_operands()?;
                }
            }
            "JSON_VALUE" if matches!(self.kind(), Kind::Word) => self.skip_until(|_| false),
            _ => {}
        }
        Ok(())
    }

    /// ORDER BY's items where nobody asks for them one by one.
    fn order_list(&mut self) -> Read<()> {
        self.list(|p| {
            p.climb(0)?;
            p.eat_any(&["ASC", "DESC"]);
            Ok(())
        })?;
        Ok(())
    }

    /// Takes `OVER name` or `OVER (…)`, with what may stand before it.
    fn over(&mut self) -> Read<bool> {
        if self.is_run(&["WITHIN", "GROUP"]) && self.tok(2).kind == Kind::Open {
            self.pos += 2;
            self.window_spec()?;
        }
        let before = self.pos;
        if self.eat("FROM") && !self.eat_any(&["FIRST", "LAST"]) {
            self.pos = before;
        }
        if self.is_any(&["RESPECT", "IGNORE"]) && self.at(1, "NULLS") {
            self.pos += 2;
        }
        if !self.eat("OVER") {
            self.pos = before;
            return Ok(false);
        }
        if self.kind() == Kind::Open {
            self.window_spec()?;
        } else {
            self.name()?;
        }
        Ok(true)
    }

    /// Takes `([name] [PARTITION BY …] [ORDER BY …] [frame])`.
    pub(super) fn window_spec(&mut self) -> Read<()> {
        self.nested(|p| {
            p.open()?;
            if p.is_ident(0) && !p.is_any(&["ROWS", "GROUPS"]) {
                p.name()?;
            }
            if p.eat_run(&["PARTITION", "BY"]) {
                p.list(|p| p.climb(0))?;
            }
            if p.eat_run(&["ORDER", "BY"]) {
                p.order_list()?;
            }
            if p.is_any(&["ROWS", "RANGE", "GROUPS"]) {
                p.skip_until(|_| false);
            }
            p.close()
        })
    }

    /// `MATCH (columns) AGAINST (expr mode)`.
    pub(super) fn match_against(&mut self) -> Read<Node> {
        self.expect("MATCH")?;
        let parens = self.eat_kind(Kind::Open);
        self.list(super::parse::Parser::column)?;
        if parens {
            self.close()?;
        }
        self.expect("AGAINST")?;
        self.open()?;
        self.climb(BIT_EXPR)?;
        while matches!(self.kind(), Kind::Word) {
            self.step();
        }
        self.close()?;
        Ok(Node::Other)
    }
}

/// The aggregate that a name stands for.
fn func(upper: &str, args: &Args) -> Option<Func> {
    Some(match upper {
        "COUNT" if args.star => Func::CountAll,
        "COUNT" => Func::Count,
        "SUM" => Func::Sum,
        "AVG" => Func::Avg,
        "MIN" => Func::Min,
        "MAX" => Func::Max,
        "BIT_AND" => Func::BitAnd,
        "BIT_OR" => Func::BitOr,
        "BIT_XOR" => Func::BitXor,
        "ANY_VALUE" => Func::AnyValue,
        other if words::is_other_aggregate(other) => Func::Other(other.to_owned()),
        _ => return None,
    })
}

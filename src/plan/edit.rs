//! Edits of the client's own text: spans of the shape and what stands there instead. Text is spliced, never
//! re-printed.

use super::ir::{Piece, Template};
use crate::sql::facts::Span;

/// A list of edits, none inside of another.
#[derive(Debug, Clone, Default)]
pub(super) struct Edits {
    list: Vec<(Span, Template)>,
}

impl Edits {
    /// Puts `pieces` in the place of `span`. An edit inside of an earlier one is dropped: the outer one wins.
    pub(super) fn replace(&mut self, span: Span, pieces: Template) {
        if self.list.iter().any(|(s, _)| s.start <= span.start && span.end <= s.end && s.start < s.end) {
            return;
        }
        self.list.retain(|(s, _)| {
            !(span.start <= s.start && s.end <= span.end && s.start < s.end && span.start < span.end)
        });
        self.list.push((span, pieces));
    }

    /// The same, whatever edits there are inside of `span`, or of `span` itself.
    pub(super) fn overwrite(&mut self, span: Span, pieces: Template) {
        self.list.retain(|(s, _)| !(span.start <= s.start && s.end <= span.end && s.start < s.end));
        self.replace(span, pieces);
    }

    /// Puts `pieces` in at a place. Several at one place stand in the order of their coming.
    pub(super) fn insert(&mut self, at: u32, pieces: Template) {
        self.list.push((Span { start: at, end: at }, pieces));
    }

    /// Whether the text stays as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether an edit touches the inside of `span`.
    pub(super) fn touches(&self, span: Span) -> bool {
        self.list.iter().any(|(s, _)| s.start < span.end && s.end > span.start && s.start < s.end)
    }

    /// The edited text of a part. Insertions at its very ends belong to its surroundings.
    pub(super) fn render(&self, part: Span) -> Template {
        self.compose(part, |s| s.start != s.end || (s.start > part.start && s.start < part.end))
    }

    /// The edited text of a part with the insertions at its end, and those at its beginning if it is the first.
    pub(super) fn render_closed(&self, part: Span) -> Template {
        self.compose(part, |s| s.start != s.end || s.start > part.start || part.start == 0)
    }

    /// The edited whole; `None` if nothing is edited.
    pub(super) fn whole(&self, shape: &str) -> Option<Template> {
        let all = Span { start: 0, end: shape.len() as u32 };
        (!self.is_empty()).then(|| self.compose(all, |_| true))
    }

    fn compose(&self, part: Span, wanted: impl Fn(Span) -> bool) -> Template {
        let mut edits: Vec<&(Span, Template)> = self
            .list
            .iter()
            .filter(|(s, _)| s.start >= part.start && s.end <= part.end && wanted(*s))
            .collect();
        edits.sort_by_key(|(s, _)| (s.start, s.end));
        let mut out = Template::new();
        let mut at = part.start;
        for (span, pieces) in edits {
            if span.start > at {
                out.push(Piece::Shape(Span { start: at, end: span.start }));
            }
            out.extend(pieces.iter().cloned());
            at = at.max(span.end);
        }
        if part.end > at {
            out.push(Piece::Shape(Span { start: at, end: part.end }));
        }
        out
    }
}

/// A piece of Shardgate's own text.
pub(super) fn text(text: impl Into<Box<str>>) -> Piece {
    Piece::Text(text.into())
}

/// An identifier in backticks.
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Names with commas between them.
pub(super) fn quoted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(quote).collect::<Vec<_>>().join(", ")
}

/// A string literal that every sql_mode reads alike. Names with backslashes do not come here.
pub(super) fn string(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(template: &Template, shape: &str) -> String {
        crate::plan::explain::template(template, shape)
    }

    fn span(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    #[test]
    fn edits_stand_where_they_were_put() {
        let shape = "SELECT a FROM t";
        let mut edits = Edits::default();
        assert_eq!(edits.whole(shape), None);
        edits.replace(span(14, 15), vec![text("t_0")]);
        edits.insert(8, vec![text(", b")]);
        edits.insert(8, vec![text(", c")]);
        assert_eq!(show(&edits.whole(shape).unwrap(), shape), "SELECT a, b, c FROM t_0");
        assert_eq!(show(&edits.render(span(7, 8)), shape), "a");
        assert_eq!(show(&edits.render_closed(span(7, 8)), shape), "a, b, c");
        assert!(edits.touches(span(0, 15)) && !edits.touches(span(0, 14)));
    }

    #[test]
    fn the_outer_of_two_edits_wins() {
        let shape = "db.t";
        let mut edits = Edits::default();
        edits.replace(span(0, 2), vec![text("x")]);
        edits.replace(span(0, 4), vec![text("y")]);
        edits.replace(span(3, 4), vec![text("z")]);
        assert_eq!(show(&edits.whole(shape).unwrap(), shape), "y");
    }

    #[test]
    fn names_and_strings_are_quoted() {
        assert_eq!(quote("a`b"), "`a``b`");
        assert_eq!(string("a'b"), "'a''b'");
    }
}

//! What servers have to warn of, put together as one server would have said it.

/// Level, code and message.
pub type Message = [String; 3];

/// Warnings and errors of a statement, or of a part of one.
#[derive(Debug, Clone, Default)]
pub struct Warned {
    /// Those that are known: servers list the first ones only.
    pub messages: Vec<Message>,
    /// How many there are.
    pub count: usize,
}

impl Warned {
    /// All of them are known.
    pub fn all(messages: Vec<Message>) -> Self {
        Self { count: messages.len(), messages }
    }

    /// There are so many, and these are known.
    pub fn some(messages: Vec<Message>, count: u16) -> Self {
        Self { count: messages.len().max(usize::from(count)), messages }
    }

    /// Another part has these to say.
    pub fn add(&mut self, other: Self) {
        self.messages.extend(other.messages);
        self.count += other.count;
    }

    /// What several servers say of the same statement, each about its rows: what all of them say equally often is about
    /// the statement and counts once, anything else adds up.
    pub fn merged(lists: &[Self]) -> Self {
        let count = |list: &[Message], message| list.iter().filter(|other| *other == message).count();
        let mut out = Self::default();
        for Self { messages, count: all } in lists {
            out.count += all;
            for message in messages {
                let common = lists.iter().all(|l| count(&l.messages, message) == count(messages, message));
                if !common || count(&out.messages, message) < count(messages, message) {
                    out.messages.push(message.clone());
                } else {
                    out.count -= 1;
                }
            }
        }
        out
    }

    /// These are of a statement over rows; reading those had `before` to say, of values that the statement looks at once
    /// more: it says the same of them again, where it runs on several servers maybe more than once.
    #[must_use]
    pub fn over(self, before: Self, several: bool) -> Self {
        let (mut seen, mut out) = (before.messages.clone(), before);
        let unlisted = self.count - self.messages.len();
        let mut unseen = out.count;
        for message in self.messages {
            let Some(at) = seen.iter().position(|before| *before == message) else {
                out.messages.push(message);
                out.count += 1;
                continue;
            };
            if !several {
                seen.swap_remove(at);
                unseen -= 1;
            }
        }
        out.count += unlisted.saturating_sub(unseen);
        out
    }

    /// How many an OK or EOF packet says there are.
    pub fn told(&self) -> u16 {
        u16::try_from(self.count).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &str) -> Warned {
        let message = |word: &str| ["Warning".to_owned(), "1292".to_owned(), word.to_owned()];
        Warned::all(words.split_whitespace().map(message).collect())
    }

    fn words(warned: &Warned) -> (String, usize) {
        let words: Vec<&str> = warned.messages.iter().map(|[.., word]| word.as_str()).collect();
        (words.join(" "), warned.count)
    }

    #[test]
    fn servers_say_of_a_statement_what_one_says() {
        let all = |lists: &[Warned]| words(&Warned::merged(lists));
        assert_eq!(all(&[list("all all"), list("all all")]), ("all all".into(), 2));
        assert_eq!(all(&[list("all a"), list("all b b"), list("all")]), ("all a b b".into(), 4));
        assert_eq!(all(&[list("a"), list("")]), ("a".into(), 1));
        let many = Warned { count: 100, ..list("all a") };
        assert_eq!(all(&[many, list("all")]), ("all a".into(), 100));
    }

    #[test]
    fn what_is_looked_at_again_is_said_once() {
        let over = |rest, before, several| words(&list(rest).over(list(before), several));
        assert_eq!(over("a b", "", false), ("a b".into(), 2));
        assert_eq!(over("", "a a", false), ("a a".into(), 2));
        assert_eq!(over("a b", "a a c", false), ("a a c b".into(), 4));
        assert_eq!(over("a a a", "a", false), ("a a a".into(), 3));
        assert_eq!(over("a a a", "a", true), ("a".into(), 1));
        let many = |rest: usize, before| {
            words(&Warned { count: rest, ..list("a") }.over(Warned { count: before, ..list("a") }, false)).1
        };
        assert_eq!((many(70, 100), many(100, 70)), (100, 100));
    }
}

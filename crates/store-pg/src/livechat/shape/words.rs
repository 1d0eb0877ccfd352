//! Our words in columns that know some words only.

use super::super::catalogue::{Column, literal};
use super::super::synonyms::plain;

/// Our words and the ones that a column knows for them; `None` is null.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in super::super) struct Words(pub(in super::super) Vec<(&'static str, Option<String>)>);

impl Words {
    /// Finds for each of our words the nearest that the column knows.
    ///
    /// # Errors
    ///
    /// The words that have none, if the column cannot be null instead.
    pub(super) fn of(
        column: &Column,
        ours: &[(&'static str, &[&str])],
    ) -> Result<Self, Vec<&'static str>> {
        let Some(known) = known(column) else { return Ok(Self::default()) };
        let mut words: Vec<(&'static str, Option<String>)> = Vec::new();
        let mut without = Vec::new();
        for (our, near) in ours {
            let taken = |word: &String| words.iter().any(|(_, other)| other.as_ref() == Some(word));
            let mut wanted = [our].into_iter().chain(near.iter());
            let find = |wanted: &&&str| known.iter().find(|word| plain(word) == plain(wanted));
            let word = wanted.by_ref().find_map(|wanted| find(&wanted));
            // Two words for two sides: one word for both would say nothing.
            let is_side = ours.len() == 2;
            let word = match word {
                Some(word) if is_side && taken(word) => {
                    wanted.find_map(|wanted| find(&wanted).filter(|word| !taken(word)))
                }
                word => word,
            };
            if word.is_none() && column.is_not_null {
                without.push(*our);
            }
            words.push((our, word.cloned()));
        }
        if !without.is_empty() {
            return Err(without);
        }
        words.retain(|(our, word)| word.as_deref() != Some(our));
        Ok(Self(words))
    }

    /// A value of ours in the column's words and type.
    pub(in super::super) fn sql(&self, value: &str, column_type: &str) -> String {
        if self.0.is_empty() {
            return format!("{value}::{column_type}");
        }
        let arms: Vec<String> = self
            .0
            .iter()
            .map(|(our, word)| {
                let word = word.as_deref().map_or_else(|| "null".to_owned(), literal);
                format!("when {} then {word}", literal(our))
            })
            .collect();
        format!("(case {value} {} else {value} end)::{column_type}", arms.join(" "))
    }
}

/// The words that a column knows, if it knows some only.
pub(super) fn known(column: &Column) -> Option<Vec<String>> {
    if !column.labels.is_empty() {
        return Some(column.labels.clone());
    }
    column.checks.iter().find_map(|check| {
        let lists = check.contains("= ANY (") || check.contains(" = '");
        let is_other = ["<>", "~", "(length(", "AND "].iter().any(|sign| check.contains(sign));
        (lists && !is_other).then(|| quoted(check)).filter(|words| !words.is_empty())
    })
}

/// The literals of an expression, as Postgres writes it.
fn quoted(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut letters = sql.chars().peekable();
    while letters.by_ref().any(|letter| letter == '\'') {
        let mut word = String::new();
        while let Some(letter) = letters.next() {
            if letter == '\'' && letters.next_if_eq(&'\'').is_none() {
                break;
            }
            word.push(letter);
        }
        words.push(word);
    }
    words
}

/// The word for a row that counts, as a literal; `None` if the column knows none.
pub(super) fn active(column: &Column) -> Option<String> {
    let wanted = super::super::synonyms::IS_ACTIVE;
    match known(column) {
        None => Some(literal("active")),
        Some(known) => wanted
            .iter()
            .find_map(|wanted| known.iter().find(|word| plain(word) == plain(wanted)))
            .map(|word| literal(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::synonyms::{SENDER_WORDS, STATUS_WORDS};
    use super::*;

    fn column(labels: &[&str], check: Option<&str>, is_not_null: bool) -> Column {
        Column {
            name: "status".to_owned(),
            full_type: "text".to_owned(),
            base: "text".to_owned(),
            labels: labels.iter().map(|&one| one.to_owned()).collect(),
            checks: check.map(str::to_owned).into_iter().collect(),
            is_required: false,
            is_not_null,
            is_written_by_itself: false,
            default: None,
            sequence: None,
            references: None,
        }
    }

    #[test]
    fn a_column_without_a_list_takes_our_own_words() {
        let any =
            Words::of(&column(&[], Some("CHECK ((length(status) < 20))"), true), STATUS_WORDS);
        assert_eq!(any, Ok(Words::default()));
    }

    #[test]
    fn the_nearest_known_word_is_taken_else_null_else_a_fault() {
        let check =
            "CHECK ((status = ANY (ARRAY['completed'::text, 'missed'::text, 'it''s'::text])))";
        let words =
            Words::of(&column(&[], Some(check), false), STATUS_WORDS).expect("null is allowed");
        assert_eq!(
            words.0,
            [
                ("ringing", None),
                ("in_progress", None),
                ("no_answer", Some("missed".to_owned())),
                ("caller_hung_up", Some("missed".to_owned())),
                ("busy", Some("missed".to_owned())),
                ("failed", Some("missed".to_owned())),
                ("refused", None),
            ]
        );
        let without = Words::of(&column(&[], Some(check), true), STATUS_WORDS);
        assert_eq!(without, Err(vec!["ringing", "in_progress", "refused"]));
        assert_eq!(known(&column(&[], Some(check), true)).expect("a list")[2], "it's");
    }

    #[test]
    fn the_two_sides_never_share_a_word() {
        let words =
            Words::of(&column(&["user", "agent"], None, true), SENDER_WORDS).expect("words");
        assert_eq!(
            words.0,
            [("contact", Some("user".to_owned())), ("user", Some("agent".to_owned())),]
        );
        let sql = words.sql("e.sender", "public.side");
        assert_eq!(
            sql,
            "(case e.sender when 'contact' then 'user' when 'user' then 'agent' else e.sender end)\
             ::public.side"
        );
    }
}

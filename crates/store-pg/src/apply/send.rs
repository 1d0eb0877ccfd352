//! Statements of several workspaces in one transaction, sent at once.

use std::future::{Future, poll_fn};
use std::task::Poll;

use deadpool_postgres::Object;
use futures_util::future::{MaybeDone, OptionFuture, maybe_done, try_join_all};
use futures_util::join;
use tokio_postgres::Row;

use crate::error::StoreError;
use crate::scope::{self, Asked};

/// The end of the transaction at which statements stand.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Edge {
    Begins,
    Inside,
    Ends,
}

/// Sends the statements of all parts, one part after the other, in one round trip. Gives the rows of each
/// statement of each part.
pub(super) async fn send(
    client: &Object,
    parts: &[Vec<Asked<'_>>],
    edge: Edge,
) -> Result<Vec<Vec<Vec<Row>>>, StoreError> {
    // Whatever is not prepared yet is, before anything is sent: nothing may come in between.
    let mut prepared = Vec::with_capacity(parts.len());
    for part in parts {
        let statements = part.iter().map(|(sql, _)| client.prepare_cached(sql));
        prepared.push(try_join_all(statements).await?);
    }
    let all = parts.iter().flatten().zip(prepared.iter().flatten());
    let all = all.map(|((_, params), statement)| client.query(statement, params));
    let begin = (edge == Edge::Begins).then(|| client.batch_execute("begin"));
    let commit = (edge == Edge::Ends).then(|| client.batch_execute("commit"));
    let (begun, answers, committed) =
        join!(OptionFuture::from(begin), in_order(all), OptionFuture::from(commit));
    begun.transpose()?;
    // The first refusal caused all others.
    let mut answers = answers.into_iter();
    let rows = parts.iter().map(|part| {
        let of_part = part.iter().zip(answers.by_ref());
        of_part
            .map(|((sql, _), answer)| answer.map_err(|error| scope::refused(sql, error)))
            .collect::<Result<Vec<_>, _>>()
    });
    let rows = rows.collect::<Result<_, _>>()?;
    committed.transpose()?;
    Ok(rows)
}

/// Waits for all of them. Each is polled for the first time after those before it, which is when it is sent.
async fn in_order<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|one| Box::pin(maybe_done(one))).collect();
    poll_fn(|context| {
        let mut are_done = true;
        for one in &mut all {
            if !matches!(**one, MaybeDone::Done(_)) {
                are_done &= one.as_mut().poll(context).is_ready();
            }
        }
        if are_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    all.iter_mut().filter_map(|one| one.as_mut().take_output()).collect()
}

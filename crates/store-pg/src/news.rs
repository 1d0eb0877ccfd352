//! Writes numbered changes of a workspace, in the transaction that makes them.

/// The kinds of subjects, as `voice_changes` keeps them.
pub(crate) const CALL: &str = "call";
pub(crate) const RING: &str = "ring";
pub(crate) const AGENT: &str = "agent";

/// Numbers the changes that `$news` names (columns `kind`, `ref` and `rank`, from 1 without gaps),
/// keeps them in the ring buffer, and notifies every server. `$before` are common table expressions
/// that go before. `$agents` is what is notified of members behind the workspace, [`OF_MEMBERS`], if calls, pages or what
/// an agent set by hand change what they are doing, else null. `$result` is the final select; it may use `notified`, which has a row if
/// there are changes. `$1` is the workspace.
///
/// It must be the last statement of its transaction that waits for a lock: it holds the workspace's
/// number until the commit.
macro_rules! with_news {
    ($before:expr, $news:expr, $agents:expr, $result:expr) => {
        $crate::text::join!(
            "with ",
            $before,
            "news as (",
            $news,
            "), \
head as ( \
  insert into public.voice_feeds as f (workspace_id, seq) \
    select $1::text, count(*) from news having count(*) > 0 \
  on conflict (workspace_id) do update set seq = f.seq + excluded.seq returning f.seq), \
kept as ( \
  insert into public.voice_changes (workspace_id, slot, seq, kind, ref, at) \
    select $1::text, (n.seq % 1024)::int, n.seq, n.kind, n.ref, clock_timestamp() from ( \
      select h.seq - (select count(*) from news) + n.rank as seq, n.kind, n.ref \
      from news n cross join head h order by 1 desc limit 1024) n \
  on conflict (workspace_id, slot) do update set seq = excluded.seq, kind = excluded.kind, \
    ref = excluded.ref, at = excluded.at), \
notified as (select pg_notify('voice_changes', $1::text), case when ",
            $agents,
            " is not null then pg_notify('voice_changes', $1::text || ",
            $agents,
            ") end from head) ",
            $result
        )
    };
}

pub(crate) use with_news;

/// What members are doing has changed. A name may follow of a store that knows it already.
pub(crate) const OF_MEMBERS: &str = " agents";

/// Workspace, kinds, refs, what is notified of members.
pub(crate) const NOTE: &str = with_news!(
    "",
    "select n.kind, n.ref, n.rank \
     from unnest($2::text[], $3::text[]) with ordinality as n (kind, ref, rank)",
    "$4::text",
    "select count(*) from notified"
);

-- Chatwoot's tables with the owner's functions; contacts and accounts are recognised.
-- ids: bigint
-- log: public.phone_calls
-- own: members, assigned, log

create table accounts (id serial primary key, name varchar not null);
create table users (id serial primary key, name varchar not null, uid varchar not null, email varchar);
create table account_users (id bigserial primary key, account_id bigint, user_id bigint, role int default 0,
  unique (account_id, user_id));
create table contacts (id serial primary key, name varchar default '', email varchar, phone_number varchar,
  account_id int not null, created_at timestamp not null default now());
create table inboxes (id serial primary key, channel_id int not null, account_id int not null, name varchar not null);
create table conversations (id serial primary key, account_id int not null, inbox_id int not null,
  status int not null default 0, assignee_id int, contact_id bigint);
-- Who signs in at the page, as which user of Chatwoot; and the calls, which have no conversation.
create table agent_logins (user_id bigint primary key, login uuid not null unique);
create table phone_calls (account_id int not null, call_sid text not null, contact uuid, handler uuid,
  summary text, status text, primary key (account_id, call_sid));
insert into accounts (name) values ('A'), ('B');
insert into users (name, uid) values ('Ann', 'ann@example.com'), ('Ben', 'ben@example.com');
insert into agent_logins values (1, '01010101-0101-0101-0101-010101010101'), (2, '02020202-0202-0202-0202-020202020202');
insert into account_users (account_id, user_id, role) values (1, 1, 0), (2, 2, 0);
insert into contacts (name, phone_number, account_id) values
  ('Ada', '+1 (500) 555-0001', 1), ('Bob', '+15005550001', 2);
insert into inboxes (channel_id, account_id, name) values (1, 1, 'Phone'), (1, 2, 'Phone');
insert into conversations (account_id, inbox_id, assignee_id, contact_id) values (1, 1, 1, 1), (2, 2, 2, 2);
create schema livechat;
create function livechat.members(ws text) returns table (user_id uuid, name text, role text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select l.login, u.name::text, case m.role when 1 then 'admin' else 'agent' end
    from public.account_users m
    join public.users u on u.id = m.user_id
    join public.agent_logins l on l.user_id = m.user_id
    where m.account_id = voice.as_bigint(ws) and ws = voice.workspace();
end $$;
create function livechat.assigned(ws text, ids uuid[]) returns table (contact_id uuid, user_id uuid)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select distinct i.id, l.login
    from pg_catalog.unnest(ids) as i (id)
    join public.conversations c on c.account_id = voice.as_bigint(ws) and c.status = 0
      and c.contact_id = ('x' || pg_catalog.right(pg_catalog.replace(i.id::text, '-', ''), 16))::bit(64)::bigint
    join public.agent_logins l on l.user_id = c.assignee_id
    where ws = voice.workspace() limit 1000;
end $$;
create function livechat.log(ws text, entries jsonb) returns integer
  language plpgsql security definer set search_path = '' as $$
declare
  written integer;
begin
  insert into public.phone_calls as d (account_id, call_sid, contact, handler, summary, status)
    select voice.as_bigint(ws), e.twilio_sid, e.contact_id, e.user_id, e.body, e.status
    from pg_catalog.jsonb_to_recordset(entries) as e
      (twilio_sid text, body text, status text, contact_id uuid, user_id uuid)
    where ws = voice.workspace() and voice.as_bigint(ws) is not null
  on conflict (account_id, call_sid) do update set contact = excluded.contact,
      handler = excluded.handler, summary = excluded.summary, status = excluded.status
    where row(d.contact, d.handler, d.summary, d.status) is distinct from
      row(excluded.contact, excluded.handler, excluded.summary, excluded.status);
  get diagnostics written = row_count;
  return written;
end $$;

-- Chatwoot's tables: users are numbers, the log is a conversation's.
-- ids: text
-- refused: account_users.user_id is bigint: a user is known by the uuid
-- refused: the table messages has no column of the call
-- refused: nothing was found that has the assignments of contacts

create table accounts (id serial primary key, name varchar not null);
create table users (id serial primary key, name varchar not null, uid varchar not null, email varchar);
create table account_users (id bigserial primary key, account_id bigint, user_id bigint, role int default 0,
  unique (account_id, user_id));
create table contacts (id serial primary key, name varchar default '', email varchar, phone_number varchar,
  account_id int not null, created_at timestamp not null default now());
create table inboxes (id serial primary key, channel_id int not null, account_id int not null, name varchar not null);
create table conversations (id serial primary key, account_id int not null, inbox_id int not null,
  status int not null default 0, assignee_id int, contact_id bigint);
create table messages (id serial primary key, content text, account_id int not null, inbox_id int not null,
  conversation_id int not null, message_type int not null, created_at timestamp not null default now(),
  updated_at timestamp not null default now(), private boolean not null default false,
  status int default 0, source_id varchar, content_type int not null default 0);

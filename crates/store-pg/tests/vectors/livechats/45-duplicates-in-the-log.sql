-- The old backend wrote a call twice.
-- ids: text
-- log: public.livechat_messages

create table user_profiles (
  id uuid not null,
  workspace_id text not null,
  full_name text,
  workspace_role text,
  unique (workspace_id, id)
);
alter table user_profiles enable row level security;
insert into user_profiles (id, workspace_id, full_name, workspace_role) values
  ('01010101-0101-0101-0101-010101010101', 'ws_a', 'Ann', 'agent'), ('02020202-0202-0202-0202-020202020202', 'ws_b', 'Ben', 'agent');
create table livechat_contacts (
  id uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  display_name text,
  phone_number text,
  created_at timestamptz not null default now()
);
alter table livechat_contacts enable row level security;
insert into livechat_contacts (id, workspace_id, display_name, phone_number) values
  ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', 'ws_a', 'Ada', '+1 (500) 555-0001'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', 'ws_b', 'Bob', '+15005550001');
create table livechat_contact_assignments (
  id bigint generated always as identity primary key,
  workspace_id text not null,
  contact_id uuid not null,
  user_id uuid not null,
  status text default 'active',
  created_at timestamptz not null default now()
);
alter table livechat_contact_assignments enable row level security;
insert into livechat_contact_assignments (workspace_id, contact_id, user_id, status) values
  ('ws_a', 'c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '01010101-0101-0101-0101-010101010101', 'active'), ('ws_b', 'c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', '02020202-0202-0202-0202-020202020202', 'active');
create table livechat_messages (
  id uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  contact_id uuid,
  user_id uuid,
  sender text,
  body text,
  msg_type text,
  direction text,
  twilio_sid text,
  status text,
  created_at timestamptz not null default now()
);
alter table livechat_messages enable row level security;
insert into livechat_messages (workspace_id, msg_type, twilio_sid) values
  ('ws_a', 'call', 'CA99999999999999999999999999999999'), ('ws_a', 'call', 'CA99999999999999999999999999999999');

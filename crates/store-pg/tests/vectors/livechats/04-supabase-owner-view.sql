-- The same with a view that runs with its owner's rights.
-- ids: uuid
-- log: public.livechat_messages

create table workspaces (id uuid primary key, name text not null);
alter table workspaces enable row level security;
insert into workspaces values ('aaaaaaaa-0000-4000-8000-00000000000a', 'A'), ('bbbbbbbb-0000-4000-8000-00000000000b', 'B');
create table profiles (
  id uuid primary key,
  full_name text,
  avatar_url text
);
create table workspace_members (
  workspace_id uuid not null,
  user_id uuid not null references profiles (id),
  role text not null,
  primary key (workspace_id, user_id)
);
alter table profiles enable row level security;
alter table workspace_members enable row level security;
create view user_profiles_with_workspace as
  select p.id, p.full_name, m.role as workspace_role, m.workspace_id as workspace_id
  from profiles p join workspace_members m on m.user_id = p.id;
insert into profiles (id, full_name) values ('01010101-0101-0101-0101-010101010101', 'Ann'), ('02020202-0202-0202-0202-020202020202', 'Ben');
insert into workspace_members (workspace_id, user_id, role) values
  ('aaaaaaaa-0000-4000-8000-00000000000a', '01010101-0101-0101-0101-010101010101', 'agent'), ('bbbbbbbb-0000-4000-8000-00000000000b', '02020202-0202-0202-0202-020202020202', 'agent');
create table livechat_contacts (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  display_name text,
  phone_number text,
  created_at timestamptz not null default now()
);
alter table livechat_contacts enable row level security;
insert into livechat_contacts (id, workspace_id, display_name, phone_number) values
  ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', 'aaaaaaaa-0000-4000-8000-00000000000a', 'Ada', '+1 (500) 555-0001'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', 'bbbbbbbb-0000-4000-8000-00000000000b', 'Bob', '+15005550001');
create table livechat_contact_assignments (
  id bigint generated always as identity primary key,
  workspace_id uuid not null,
  contact_id uuid not null,
  user_id uuid not null,
  status text default 'active',
  created_at timestamptz not null default now()
);
alter table livechat_contact_assignments enable row level security;
insert into livechat_contact_assignments (workspace_id, contact_id, user_id, status) values
  ('aaaaaaaa-0000-4000-8000-00000000000a', 'c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '01010101-0101-0101-0101-010101010101', 'active'), ('bbbbbbbb-0000-4000-8000-00000000000b', 'c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', '02020202-0202-0202-0202-020202020202', 'active');
create table livechat_messages (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
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

-- Organisations, customers, agents, other names of columns.
-- ids: uuid
-- log: public.messages

create table organizations (id uuid primary key, name text not null);
alter table organizations enable row level security;
insert into organizations values ('aaaaaaaa-0000-4000-8000-00000000000a', 'A'), ('bbbbbbbb-0000-4000-8000-00000000000b', 'B');
create table profiles (
  id uuid primary key,
  full_name text,
  avatar_url text
);
create table organization_members (
  organization_id uuid not null references organizations (id),
  user_id uuid not null references profiles (id),
  role text not null,
  primary key (organization_id, user_id)
);
alter table profiles enable row level security;
alter table organization_members enable row level security;
insert into profiles (id, full_name) values ('01010101-0101-0101-0101-010101010101', 'Ann'), ('02020202-0202-0202-0202-020202020202', 'Ben');
insert into organization_members (organization_id, user_id, role) values
  ('aaaaaaaa-0000-4000-8000-00000000000a', '01010101-0101-0101-0101-010101010101', 'agent'), ('bbbbbbbb-0000-4000-8000-00000000000b', '02020202-0202-0202-0202-020202020202', 'agent');
create table customers (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  full_name text,
  mobile text,
  created_at timestamptz not null default now()
);
alter table customers enable row level security;
insert into customers (id, organization_id, full_name, mobile) values
  ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', 'aaaaaaaa-0000-4000-8000-00000000000a', 'Ada', '+1 (500) 555-0001'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', 'bbbbbbbb-0000-4000-8000-00000000000b', 'Bob', '+15005550001');
create table customer_assignments (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  customer_id uuid not null references customers (id),
  agent_id uuid not null,
  status text default 'active',
  created_at timestamptz not null default now()
);
alter table customer_assignments enable row level security;
insert into customer_assignments (org_id, customer_id, agent_id, status) values
  ('aaaaaaaa-0000-4000-8000-00000000000a', 'c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '01010101-0101-0101-0101-010101010101', 'active'), ('bbbbbbbb-0000-4000-8000-00000000000b', 'c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', '02020202-0202-0202-0202-020202020202', 'active');
create table messages (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  contact_id uuid,
  user_id uuid,
  sender text,
  body text,
  message_type text,
  direction text,
  call_sid text,
  status text,
  created_at timestamptz not null default now()
);
alter table messages enable row level security;

-- Workspaces and members, but no contacts yet: no empty twins are made.
-- ids: uuid
-- refused: nothing was found that has the contacts of a workspace
-- refused: nothing was found that has the log

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
create view user_profiles_with_workspace with (security_invoker = true) as
  select p.id, p.full_name, m.role as workspace_role, m.workspace_id as workspace_id
  from profiles p join workspace_members m on m.user_id = p.id;
insert into profiles (id, full_name) values ('01010101-0101-0101-0101-010101010101', 'Ann'), ('02020202-0202-0202-0202-020202020202', 'Ben');
insert into workspace_members (workspace_id, user_id, role) values
  ('aaaaaaaa-0000-4000-8000-00000000000a', '01010101-0101-0101-0101-010101010101', 'agent'), ('bbbbbbbb-0000-4000-8000-00000000000b', '02020202-0202-0202-0202-020202020202', 'agent');

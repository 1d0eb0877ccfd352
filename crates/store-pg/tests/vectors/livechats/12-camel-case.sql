-- Names as Prisma writes them.
-- ids: text
-- log: public."Message"

create table "WorkspaceMember" (
  "workspaceId" text not null,
  "userId" uuid not null,
  "fullName" text,
  "role" text not null,
  primary key ("workspaceId", "userId")
);
insert into "WorkspaceMember" values ('ws_a', '01010101-0101-0101-0101-010101010101', 'Ann', 'agent'), ('ws_b', '02020202-0202-0202-0202-020202020202', 'Ben', 'agent');
create table "Contact" (
  "id" uuid primary key,
  "workspaceId" text not null,
  "displayName" text,
  "phoneNumber" text,
  "createdAt" timestamp not null default now()
);
insert into "Contact" values ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', 'ws_a', 'Ada', '+1 (500) 555-0001'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', 'ws_b', 'Bob', '+15005550001');
create table "ContactAssignment" (
  "workspaceId" text not null,
  "contactId" uuid not null references "Contact" ("id"),
  "userId" uuid not null,
  "isActive" boolean not null default true
);
insert into "ContactAssignment" values
  ('ws_a', 'c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '01010101-0101-0101-0101-010101010101', true), ('ws_b', 'c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', '02020202-0202-0202-0202-020202020202', true),
  ('ws_a', 'c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '03030303-0303-0303-0303-030303030303', false);
create table "Message" (
  "id" uuid primary key,
  "workspaceId" text not null,
  "contactId" uuid,
  "userId" uuid,
  "body" text,
  "type" text not null default 'text',
  "direction" text,
  "callSid" text,
  "status" text,
  "createdAt" timestamp not null default now()
);

-- A CRM of its own; the owner wrote every function.
-- ids: text
-- log: crm.diary
-- own: members, contacts, contact, assigned, workspace, log

create schema crm;
create table crm.tenants (code text primary key);
create table crm.staff (uid uuid primary key, tenant text references crm.tenants, label text, is_agent boolean);
create table crm.parties (party uuid primary key, tenant text references crm.tenants, title text);
create table crm.lines (party uuid references crm.parties, digits text);
create table crm.care (party uuid references crm.parties, staff uuid references crm.staff);
create table crm.diary (tenant text, ref text, words text, party uuid, staff uuid, primary key (tenant, ref));
insert into crm.tenants values ('ws_a'), ('ws_b');
insert into crm.staff values ('01010101-0101-0101-0101-010101010101', 'ws_a', 'Ann', true), ('02020202-0202-0202-0202-020202020202', 'ws_b', 'Ben', true);
insert into crm.parties values ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', 'ws_a', 'Ada'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', 'ws_b', 'Bob');
insert into crm.lines values ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '+1 (500) 555-0001'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', '+15005550001');
insert into crm.care values ('c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', '01010101-0101-0101-0101-010101010101'), ('c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', '02020202-0202-0202-0202-020202020202');
create schema livechat;
create function livechat.members(ws text) returns table (user_id uuid, name text, role text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select s.uid, s.label, case when s.is_agent then 'agent' end
    from crm.staff s where s.tenant = ws and ws = voice.workspace();
end $$;
create function livechat.contacts(ws text, tails text[])
  returns table (contact_id uuid, name text, number text, created_at timestamptz)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select p.party, p.title, l.digits, null::timestamptz
    from crm.parties p join crm.lines l on l.party = p.party
    where p.tenant = ws and ws = voice.workspace() and voice.tail(l.digits) = any (tails)
    order by voice.nearness(l.digits, tails) desc limit 1000;
end $$;
create function livechat.contact(ws text, ids uuid[])
  returns table (contact_id uuid, name text, number text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select p.party, p.title, (select l.digits from crm.lines l where l.party = p.party limit 1)
    from crm.parties p where p.tenant = ws and ws = voice.workspace() and p.party = any (ids);
end $$;
create function livechat.assigned(ws text, ids uuid[]) returns table (contact_id uuid, user_id uuid)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select c.party, c.staff from crm.care c join crm.parties p on p.party = c.party
    where p.tenant = ws and ws = voice.workspace() and c.party = any (ids) limit 1000;
end $$;
create function livechat.workspace(ws text) returns boolean
  language plpgsql stable security definer set search_path = '' as $$
begin
  return ws = voice.workspace() and exists (select from crm.tenants t where t.code = ws);
end $$;
create function livechat.log(ws text, entries jsonb) returns integer
  language plpgsql security definer set search_path = '' as $$
declare
  written integer;
begin
  insert into crm.diary as d (tenant, ref, words, party, staff)
    select ws, e.twilio_sid, e.body || ' ' || e.status, e.contact_id, e.user_id
    from pg_catalog.jsonb_to_recordset(entries) as e
      (twilio_sid text, body text, status text, contact_id uuid, user_id uuid)
    where ws = voice.workspace()
  on conflict (tenant, ref) do update set words = excluded.words, party = excluded.party,
      staff = excluded.staff
    where row(d.words, d.party, d.staff) is distinct from
      row(excluded.words, excluded.party, excluded.staff);
  get diagnostics written = row_count;
  return written;
end $$;

-- Who rings: the assigned agents of the contact with this number, else the first ten who take calls.
with contact as (
  select id from livechat_contacts where workspace_id = $1 and phone_number = $2
    order by created_at, id limit 1
), assigned as (
  select a.user_id from contact
    join livechat_contact_assignments a
      on a.workspace_id = $1 and a.contact_id = contact.id and a.status = 'active'
    join user_profiles p on p.workspace_id = $1 and p.id = a.user_id
    where p.workspace_role in ('agent', 'admin')
)
select user_id from assigned
union all
(select p.id from user_profiles p
  where p.workspace_id = $1 and p.workspace_role in ('agent', 'admin')
    and not exists (select from assigned)
  order by p.id limit 10)

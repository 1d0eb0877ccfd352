-- What could be the live chat, and what Switchroom has there, as one JSON document.
with recursive base (oid, base) as (
  select t.oid, t.oid from pg_type t where t.typtype <> 'd'
  union all
  select d.oid, b.base from pg_type d join base b on d.typbasetype = b.oid where d.typtype = 'd'),
relation as (
  select c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
    c.reloptions
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'voice', 'livechat', 'auth',
      'storage', 'realtime', '_realtime', 'vault', 'graphql', 'graphql_public', 'extensions', 'net',
      'cron', 'pgsodium', 'pgbouncer', 'supabase_functions', 'supabase_migrations')
    and not (n.nspname = 'public' and c.relname like 'voice\_%')
    and not exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')),
-- What a view reads, and what the policies for everybody on a table read elsewhere.
uses as (
  select r.oid, d.refobjid, d.refobjsubid, false as is_policy
  from relation r join pg_rewrite w on w.ev_class = r.oid
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
  where d.refclassid = 'pg_class'::regclass and d.refobjid <> r.oid
  union
  select r.oid, d.refobjid, d.refobjsubid, true
  from relation r join pg_policy p on p.polrelid = r.oid and 0 = any (p.polroles)
  join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
  where d.refclassid = 'pg_class'::regclass and d.refobjid <> r.oid)
select jsonb_build_object(
  'relations', coalesce((select jsonb_agg(jsonb_build_object(
    'schema', r.nspname, 'name', r.relname, 'kind', r.relkind,
    'owner', pg_get_userbyid(r.relowner),
    'is_ours_to_change', pg_has_role(current_user, r.relowner, 'USAGE'),
    'has_policies', r.relrowsecurity,
    'is_invoker', coalesce(r.reloptions && array['security_invoker=true', 'security_invoker=on',
      'security_invoker=1', 'security_invoker=yes'], false),
    'columns', coalesce((select jsonb_agg(jsonb_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', format_type(b.base, -1),
        'labels', coalesce((select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
          where e.enumtypid = b.base), '[]'),
        'checks', coalesce((select jsonb_agg(pg_get_constraintdef(k.oid) order by k.oid)
          from pg_constraint k where k.contype = 'c' and (k.contypid = a.atttypid and k.contypid <> 0
            or k.conrelid = r.oid and k.conkey = array[a.attnum])), '[]'),
        'is_required', a.attnotnull and not a.atthasdef and a.attidentity = '' or b.base <> a.atttypid
          and t.typnotnull and t.typdefault is null and not a.atthasdef,
        'is_not_null', a.attnotnull or t.typnotnull,
        'is_written_by_itself', a.attgenerated <> '' or a.attidentity = 'a',
        'default', pg_get_expr(f.adbin, f.adrelid),
        'sequence', (select s.oid::regclass::text from pg_depend d join pg_class s on s.oid = d.refobjid
          where d.classid = 'pg_attrdef'::regclass and d.objid = f.oid
            and d.refclassid = 'pg_class'::regclass and s.relkind = 'S' limit 1),
        'references', (select jsonb_build_object('schema', g.nspname, 'name', x.relname,
            'column', (select attname from pg_attribute
              where attrelid = k.confrelid and attnum = k.confkey[array_position(k.conkey, a.attnum)]))
          from pg_constraint k join pg_class x on x.oid = k.confrelid
          join pg_namespace g on g.oid = x.relnamespace
          where k.contype = 'f' and k.conrelid = r.oid and a.attnum = any (k.conkey)
          order by cardinality(k.conkey), k.oid limit 1)) order by a.attnum)
      from pg_attribute a join pg_type t on t.oid = a.atttypid join base b on b.oid = a.atttypid
      left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
      where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped), '[]'),
    'indexes', coalesce((select jsonb_agg(jsonb_build_object(
        'name', c.relname, 'is_valid', i.indisvalid, 'where', pg_get_expr(i.indpred, i.indrelid),
        'keys', (select jsonb_agg(pg_get_indexdef(i.indexrelid, k, false) order by k)
          from generate_series(1, i.indnkeyatts) k)) order by c.relname)
      from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = r.oid), '[]'),
    'partitions', coalesce((select jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', c.relname,
        'kind', c.relkind) order by c.oid)
      from pg_inherits h join pg_class c on c.oid = h.inhrelid
      join pg_namespace n on n.oid = c.relnamespace
      where h.inhparent = r.oid and c.relispartition), '[]'),
    'has_loose_triggers', exists (select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
      where g.tgrelid = r.oid and not g.tgisinternal and g.tgenabled <> 'D'
        and not coalesce(p.proconfig::text like '%search_path%', false)),
    'uses', coalesce((select jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', c.relname,
        'column', a.attname, 'is_policy', u.is_policy) order by n.nspname, c.relname, a.attnum)
      from uses u join pg_class c on c.oid = u.refobjid join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.refobjsubid
      where u.oid = r.oid and u.refobjsubid > 0), '[]'),
    'policies', coalesce((select jsonb_agg(jsonb_build_object('name', p.polname,
        'comment', obj_description(p.oid, 'pg_policy'),
        'state', md5(concat_ws(' ', p.polpermissive, p.polcmd, p.polroles::regrole[]::text,
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))))
        order by p.polname)
      from pg_policy p where p.polrelid = r.oid and p.polname like 'voice\_%'), '[]'),
    'grants', coalesce((select jsonb_agg(jsonb_build_object('role', pg_get_userbyid(g.grantee),
        'column', g.attname, 'right', lower(g.privilege_type)) order by 1)
      from (select x.grantee, null::name as attname, x.privilege_type
          from pg_class c cross join aclexplode(c.relacl) x where c.oid = r.oid
        union all select x.grantee, a.attname, x.privilege_type
          from pg_attribute a cross join aclexplode(a.attacl) x
          where a.attrelid = r.oid and not a.attisdropped) g
      where g.grantee in (to_regrole('voice_livechat'), to_regrole('voice_finder'))), '[]'),
    'old_grants', exists (select from pg_class c cross join aclexplode(c.relacl) x
      where c.oid = r.oid and x.grantee in (to_regrole('voice_agent'), to_regrole('voice_webhook')))
      or exists (select from pg_attribute a cross join aclexplode(a.attacl) x
        where a.attrelid = r.oid and x.grantee in (to_regrole('voice_agent'), to_regrole('voice_webhook'))))
    order by r.nspname, r.relname) from relation r), '[]'),
  'functions', coalesce((select jsonb_agg(jsonb_build_object('name', p.proname,
      'arguments', pg_get_function_identity_arguments(p.oid), 'result', pg_get_function_result(p.oid),
      'owner', pg_get_userbyid(p.proowner), 'is_definer', p.prosecdef,
      'has_path', coalesce(p.proconfig::text like '%search_path%', false),
      'body', p.prosrc,
      'comment', obj_description(p.oid, 'pg_proc'),
      'is_open', coalesce((select bool_or(x.grantee = 0) from aclexplode(
        coalesce(p.proacl, acldefault('f', p.proowner))) x where x.privilege_type = 'EXECUTE'), false),
      'callers', coalesce((select jsonb_agg(distinct case x.grantee when 0 then 'public'
          else pg_get_userbyid(x.grantee) end)
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
        where x.privilege_type = 'EXECUTE'), '[]'))
      order by p.proname, p.oid)
    from pg_proc p where p.pronamespace = to_regnamespace('livechat')), '[]'),
  'schemas', coalesce((select jsonb_agg(jsonb_build_object('role', r.rolname, 'schema', n.nspname)
      order by r.rolname, n.nspname)
    from pg_roles r cross join pg_namespace n
    where r.rolname in ('voice_livechat', 'voice_finder', 'voice_webhook')
      and has_schema_privilege(r.oid, n.oid, 'USAGE')), '[]'),
  'sequences', coalesce((select jsonb_agg(c.oid::regclass::text order by c.oid) from pg_class c
    where c.relkind = 'S' and to_regrole('voice_livechat') is not null
      and has_sequence_privilege(to_regrole('voice_livechat'), c.oid, 'USAGE')), '[]'))::text

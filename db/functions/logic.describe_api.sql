create function logic.describe_api() returns json
language plpgsql stable security definer set search_path = '' as $$
declare
  roles constant text[] := array['anon', 'customer', 'staff', 'admin', 'integration'];
begin
  return (
    with source as materialized (
      -- A view's column tells which column of which table it is: in the tree that PostgreSQL keeps of the view, where
      -- subqueries come first and the view's own list last.
      select distinct on (r.ev_class, t.entry[1])
        r.ev_class as view, t.entry[1]::smallint as attnum, t.entry[3]::oid as source_table, t.entry[4]::smallint as source_column
      from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class,
        regexp_matches(
          r.ev_action::text, ':resno (\d+) :resname (\S+) :ressortgroupref \d+ :resorigtbl (\d+) :resorigcol (\d+)', 'g'
        ) with ordinality t (entry, position)
      join pg_catalog.pg_attribute a on a.attnum = t.entry[1]::smallint and a.attname = t.entry[2]
      where c.relnamespace = 'api'::regnamespace and a.attrelid = r.ev_class and r.rulename = '_RETURN'
      order by r.ev_class, t.entry[1], t.position desc
    ), links as materialized (
      -- What can be embedded: views whose tables refer to each other, if both show the columns by which they do.
      select m.view as one, n.view as other from pg_catalog.pg_constraint k
      join source m on m.source_table = k.conrelid and m.source_column = k.conkey[1]
      join source n on n.source_table = k.confrelid and n.source_column = k.confkey[1]
      where k.contype = 'f' and k.conrelid <> k.confrelid
    ), columns as materialized (
      select a.attrelid, a.attnum, json_build_object(
        'name', a.attname, 'type', format_type(coalesce(nullif(y.typbasetype, 0), a.atttypid), coalesce(b.atttypmod, a.atttypmod)),
        'comment', col_description(a.attrelid, a.attnum), 'is_required', coalesce(b.attnotnull, false),
        'default', pg_get_expr(d.adbin, d.adrelid),
        'labels', coalesce(
          (select json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = a.atttypid),
          -- A state is what its table lists, which everybody may know.
          case when exists (
            select from pg_catalog.pg_constraint k where k.contype = 'f' and k.conrelid = b.attrelid
              and k.conkey = array[b.attnum] and k.confrelid = 'shop.order_statuses'::regclass
          ) then (select json_agg(s.status order by s.status) from shop.order_statuses s) end
        ),
        'checks', (
          select coalesce(json_agg(pg_get_expr(k.conbin, k.conrelid) order by k.conname), '[]') from pg_catalog.pg_constraint k
          where k.contype = 'c' and (k.conrelid = b.attrelid and b.attnum = any (k.conkey) or k.contypid = y.oid)
        ),
        'select', (select json_agg(role) from unnest(roles) role where has_column_privilege(role, a.attrelid, a.attnum, 'select')),
        'insert', (select json_agg(role) from unnest(roles) role where has_column_privilege(role, a.attrelid, a.attnum, 'insert')),
        'update', (select json_agg(role) from unnest(roles) role where has_column_privilege(role, a.attrelid, a.attnum, 'update'))
      ) as described
      from pg_catalog.pg_attribute a
      join pg_catalog.pg_class c on c.oid = a.attrelid
      join pg_catalog.pg_type y on y.oid = a.atttypid
      left join source s on s.view = a.attrelid and s.attnum = a.attnum
      left join pg_catalog.pg_attribute b on b.attrelid = s.source_table and b.attnum = s.source_column
      left join pg_catalog.pg_attrdef d on d.adrelid = b.attrelid and d.adnum = b.attnum
      where c.relnamespace = 'api'::regnamespace and c.relkind = 'v' and a.attnum > 0 and not a.attisdropped
    )
    select json_build_object(
      'product_fields', logic.product_fields(),
      -- What functions say when they refuse, by code.
      'messages', (
        select json_object_agg(m.code, m.message) from (
          select distinct on (r.said[1]) r.said[1] as code, replace(r.said[2], '''''', '''') as message
          from pg_catalog.pg_proc p, regexp_matches(
            p.prosrc, 'logic\.problem\(\s*\d{3}, ''(\w+)'',\s*(?:format\(\s*)?''((?:[^'']|'''')*)''', 'g'
          ) r (said)
          where p.pronamespace::regnamespace::text in ('api', 'v1', 'logic') order by r.said[1], p.proname, r.said[2]
        ) m
      ),
      'relations', (
        select json_agg(json_build_object(
          'name', c.relname, 'comment', obj_description(c.oid, 'pg_class'),
          'columns', (select json_agg(o.described order by o.attnum) from columns o where o.attrelid = c.oid),
          'delete', (select json_agg(role) from unnest(roles) role where has_table_privilege(role, c.oid, 'delete')),
          'related', (
            select coalesce(json_agg(distinct o.relname order by o.relname), '[]') from links l
            join pg_catalog.pg_class o on o.oid = case c.oid when l.one then l.other when l.other then l.one end
          )
        ) order by c.relname)
        from pg_catalog.pg_class c where c.relnamespace = 'api'::regnamespace and c.relkind = 'v'
      ),
      'functions', (
        select json_agg(json_build_object(
          'schema', n.nspname, 'name', p.proname, 'comment', obj_description(p.oid, 'pg_proc'),
          'arguments', (
            select coalesce(json_agg(json_build_object(
              'name', p.proargnames[i], 'type', format_type(p.proargtypes[i - 1], null),
              'default', case when i > p.pronargs - p.pronargdefaults then pg_get_function_arg_default(p.oid, i) end
            ) order by i), '[]') from generate_series(1, p.pronargs) i
          ),
          'returns', pg_get_function_result(p.oid), 'is_volatile', p.provolatile = 'v',
          'source', case when n.nspname = 'v1' then p.prosrc end,
          'execute', (select json_agg(role) from unnest(roles) role where has_function_privilege(role, p.oid, 'execute'))
        ) order by n.nspname, p.proname)
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname in ('api', 'v1')
      )
    )
  );
end;
$$;
comment on function logic.describe_api is 'The views and functions that are served, as the catalogue knows them: columns with their rules, who may do what. The service makes the OpenAPI document of it (extensions/openapi). It looks as owner for the states of orders.';
grant execute on function logic.describe_api to service;

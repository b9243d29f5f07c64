create function logic.readings() returns table (name text, labels jsonb, value double precision)
language plpgsql stable security definer set search_path = '' as $$
declare
  nothing constant jsonb := '{}';
begin
  return query
  with unfinished as (
    select case when o.topic ~ '^(order.placed|payment.(cancel|capture|refund)|picture\..*)$' then 'work' else 'mail' end as kind,
      case when o.last_error is null then 'waiting' else 'failing' end as state, o.available_at
    from shop.outbox o where o.done_at is null and o.dead_at is null
    union all
    select 'any', 'dead', o.dead_at from shop.outbox o where o.dead_at is not null
  )
  select 'outbox_rows', jsonb_build_object('kind', k.kind, 'state', k.state), count(u.kind)::double precision
  from (values ('mail', 'waiting'), ('mail', 'failing'), ('work', 'waiting'), ('work', 'failing'), ('any', 'dead')) k (kind, state)
  left join unfinished u using (kind, state) group by k.kind, k.state
  union all
  select 'outbox_lag_seconds', nothing, extract(epoch from coalesce(max(now() - u.available_at), '0'))::double precision
  from unfinished u where u.state <> 'dead' and u.available_at <= now();

  return query
  select 'reservations', jsonb_build_object('state', k.state), count(r.id)::double precision
  from (values ('held', false), ('overdue', true)) k (state, is_overdue)
  left join shop.reservations r on r.state = 'held' and (r.expires_at <= now()) = k.is_overdue
    -- The bank is still thinking (logic.expire_reservations).
    and not (k.is_overdue and exists (
      select from shop.payments p where p.order_id = r.order_id and p.status in ('processing', 'requires_capture')
    ))
  group by k.state;

  return query
  select 'webhook_events', jsonb_build_object('outcome', k.outcome), count(e.id)::double precision
  from unnest('{applied,ignored,deferred,quarantined}'::text[]) k (outcome)
  left join shop.payment_events e on e.outcome = k.outcome and e.received_at > now() - interval '1 day'
  group by k.outcome
  union all
  select 'webhook_age_seconds', nothing, extract(epoch from now() - max(e.received_at))::double precision
  from shop.payment_events e having count(*) > 0
  union all
  select 'ledger_differences', nothing, logic.ledger_differences(1)::double precision
  union all
  select 'database_bytes', nothing, pg_database_size(current_database())::double precision
  union all
  select 'connections_limit', nothing, current_setting('max_connections')::double precision
  union all
  select 'connections', jsonb_build_object('role', a.usename, 'state', coalesce(a.state, 'unknown')), count(*)::double precision
  from pg_stat_activity a where a.backend_type = 'client backend' group by a.usename, a.state
  union all
  select 'transaction_age_seconds', nothing,
    extract(epoch from coalesce(max(now() - a.xact_start), '0'))::double precision
  from pg_stat_activity a where a.backend_type = 'client backend'
  union all
  select 'archive_age_seconds', nothing,
    extract(epoch from clock_timestamp() - coalesce(s.last_archived_time, s.stats_reset))::double precision
  from pg_stat_archiver s where current_setting('archive_mode') <> 'off'
  union all
  select 'archive_failing', nothing, coalesce(s.last_failed_time > s.last_archived_time, s.failed_count > 0)::integer
  from pg_stat_archiver s;

  -- Where the server counts statements: those that took most, without what they were given.
  if to_regclass('extensions.pg_stat_statements') is not null and current_setting('pg_stat_statements.max', true) is not null then
    return query execute $query$
      with most as (
        select left(regexp_replace(s.query, '\s+', ' ', 'g'), 120) as query, sum(s.calls) as calls, sum(s.total_exec_time) as ms
        from extensions.pg_stat_statements s join pg_roles r on r.oid = s.userid
        where s.dbid = (select d.oid from pg_database d where d.datname = current_database())
          and r.rolname in ('anon', 'customer', 'staff', 'admin', 'integration', 'service', 'worker')
          and s.query !~ 'logic.readings'
        group by 1 order by 3 desc limit 10
      )
      select k.name, jsonb_build_object('query', m.query), k.value::double precision
      from most m, lateral (values ('statement_calls', m.calls), ('statement_seconds', m.ms / 1000)) k (name, value)
    $query$;
  end if;
end;
$$;
comment on function logic.readings is 'How the shop is, for the part that Prometheus asks: names, labels and numbers, and nothing of anybody.';
grant execute on function logic.readings to worker;

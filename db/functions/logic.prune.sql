create function logic.prune() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  total integer;
begin
  with throttles as (delete from auth.throttles where window_ends_at < now() - interval '1 day' returning 1),
    tokens as (delete from auth.one_time_tokens where expires_at < now() - interval '7 days' returning 1),
    sessions as (delete from auth.sessions where expires_at < now() - interval '30 days' returning 1),
    keys as (delete from shop.idempotency_keys where created_at < now() - interval '7 days' returning 1),
    done as (delete from shop.outbox where done_at < now() - interval '90 days' returning 1),
    slots as (delete from shop.job_slots where slot < current_date - 90 returning 1),
    guests as (
      delete from shop.customers c
      where c.is_guest and c.created_at < now() - make_interval(days => (select s.guest_days from shop.settings s))
        and not exists (select from shop.orders o where o.customer_id = c.id)
        and not exists (select from auth.sessions s where s.account_id = c.id and s.ended_at is null and s.expires_at > now())
      returning 1
    )
  select count(*) into total from (
    table throttles union all table tokens union all table sessions union all table keys union all table done
    union all table slots union all table guests
  ) gone;
  return total;
end;
$$;
comment on function logic.prune is 'Removes what has served its time. Returns how many rows went.';
grant execute on function logic.prune to worker;

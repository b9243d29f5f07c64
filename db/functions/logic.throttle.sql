create function logic.throttle(bucket text, attempts integer, window_seconds integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  counted auth.throttles;
begin
  insert into auth.throttles as t (bucket, attempts, window_ends_at)
  -- Hashed: what strangers typed, addresses above all, must not lie about in clear.
  values (logic.digest(throttle.bucket), 1, now() + make_interval(secs => window_seconds))
  on conflict on constraint throttles_pkey do update set
    attempts = case when t.window_ends_at <= now() then 1 else t.attempts + 1 end,
    window_ends_at = case when t.window_ends_at <= now() then excluded.window_ends_at else t.window_ends_at end
  returning * into counted;
  return case
    when counted.attempts > throttle.attempts then ceil(extract(epoch from counted.window_ends_at - now()))::integer
    else 0
  end;
end;
$$;
comment on function logic.throttle is 'Counts one attempt. Returns 0, or the seconds to wait when there were too many in the window.';
grant execute on function logic.throttle to service;

create function logic.throttle_login(email text, address inet, attempts integer, window_seconds integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  account text := lower(btrim(throttle_login.email));
  -- Whoever has one address of IPv6 has 2^64 of them.
  place text := case family(address) when 4 then host(address) else network(set_masklen(address, 64))::text end;
  pair text := format('login %s %s', account, place);
  of_account text := 'login ' || account;
  burst text;
  wait integer := logic.throttle(pair, attempts, window_seconds);
begin
  if wait > 0 then
    burst := case when logic.attempts(pair) = attempts + 1 then 'from one place' end;
  else
    wait := logic.throttle('login ' || place, attempts * 20, window_seconds);
  end if;
  if wait = 0 and logic.throttle(of_account, attempts * 5, window_seconds) > 0 then
    burst := case when logic.attempts(of_account) = attempts * 5 + 1 then 'from many places' end;
    -- From now on a place from where nobody has signed in gets one attempt in twelve windows: too few to guess by, and
    -- one for the owner who is on a journey. Places that the account knows are not slowed down by strangers.
    if not exists (
      select from auth.sessions s join shop.customers c on c.id = s.account_id
      where c.email = account and s.address <<= place::inet
    ) then
      wait := logic.throttle('stranger ' || pair, 1, window_seconds * 12);
    end if;
  end if;
  if burst is not null then
    perform shop.audit(
      'login.burst', 'account', coalesce((select c.id::text from shop.customers c where c.email = account), 'unknown'),
      null, jsonb_build_object('attempts', case burst when 'from one place' then attempts else attempts * 5 end, 'kind', burst)
    );
  end if;
  return wait;
end;
$$;
comment on function logic.throttle_login is
  'Counts an attempt to sign in: by account and place, by place, and by account. Returns 0, or the seconds to wait. Nobody can lock the owner out.';
grant execute on function logic.throttle_login to service;

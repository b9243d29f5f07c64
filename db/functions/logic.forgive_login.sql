create function logic.forgive_login(email text, address inet) returns void
language plpgsql security definer set search_path = '' as $$
declare
  account text := lower(btrim(forgive_login.email));
  place text := case family(address) when 4 then host(address) else network(set_masklen(address, 64))::text end;
begin
  delete from auth.throttles t where t.bucket in (
    logic.digest(format('login %s %s', account, place)), logic.digest(format('stranger login %s %s', account, place))
  );
  -- Only the one that succeeded: the others' failures stay counted.
  update auth.throttles t set attempts = t.attempts - 1
  where t.bucket in (logic.digest('login ' || account), logic.digest('login ' || place)) and t.attempts > 0;
end;
$$;
comment on function logic.forgive_login is 'After a success: the place has shown that it knows the password.';
grant execute on function logic.forgive_login to service;

create function logic.enroll_second_factor(account_id uuid, secret bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  insert into auth.second_factors as f (account_id, secret)
  values (enroll_second_factor.account_id, enroll_second_factor.secret)
  on conflict on constraint second_factors_pkey do update set secret = excluded.secret, last_step = 0
    where f.confirmed_at is null;
  return found;
end;
$$;
comment on function logic.enroll_second_factor is
  'Stores the encrypted secret of a second factor that counts once it is confirmed. False if a confirmed one is there.';
grant execute on function logic.enroll_second_factor to service;

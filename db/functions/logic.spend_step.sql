create function logic.spend_step(account_id uuid, step bigint, secret bytea, new_code_hashes bytea[] default null) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update auth.second_factors f
  set last_step = spend_step.step, confirmed_at = coalesce(f.confirmed_at, case when new_code_hashes is not null then now() end)
  -- The secret that the code was made from: meanwhile another may have been enrolled.
  where f.account_id = spend_step.account_id and f.last_step < spend_step.step and f.secret = spend_step.secret
    and (f.confirmed_at is null) = (new_code_hashes is not null);
  if not found then
    return false;
  end if;
  if new_code_hashes is not null then
    insert into auth.recovery_codes (account_id, code_hash)
    select spend_step.account_id, h from unnest(new_code_hashes) h;
    perform logic.emit(
      'account.second_factor', jsonb_build_object('customer_id', spend_step.account_id, 'change', 'enabled')
    );
  end if;
  return true;
end;
$$;
comment on function logic.spend_step is 'Uses up the code of a step of 30 seconds and all before it; with recovery codes it confirms the second factor. False if it was used up already.';
grant execute on function logic.spend_step to service;

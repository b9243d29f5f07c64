create function logic.spend_recovery_code(account_id uuid, code_hash bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update auth.recovery_codes r set used_at = now()
  where r.account_id = spend_recovery_code.account_id and r.code_hash = spend_recovery_code.code_hash and r.used_at is null;
  return found;
end;
$$;
comment on function logic.spend_recovery_code is 'Uses up a recovery code. False if there is none like it.';
grant execute on function logic.spend_recovery_code to service;

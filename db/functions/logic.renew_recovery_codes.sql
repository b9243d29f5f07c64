create function logic.renew_recovery_codes(account_id uuid, code_hashes bytea[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
  -- Two who ask at once get their codes one after the other, and those of the second one count.
  perform from auth.second_factors f where f.account_id = renew_recovery_codes.account_id for update;
  delete from auth.recovery_codes r where r.account_id = renew_recovery_codes.account_id;
  insert into auth.recovery_codes (account_id, code_hash)
  select renew_recovery_codes.account_id, h from unnest(code_hashes) h;
  perform logic.audit('second_factor.codes_renewed', 'second_factor', renew_recovery_codes.account_id::text);
  perform logic.emit(
    'account.second_factor', jsonb_build_object('customer_id', renew_recovery_codes.account_id, 'change', 'codes')
  );
end;
$$;
comment on function logic.renew_recovery_codes is 'New recovery codes in place of all old ones, for somebody who has just proved the second factor.';
grant execute on function logic.renew_recovery_codes to service;

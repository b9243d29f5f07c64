create function logic.verify_email(token_hash bytea) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  token auth.one_time_tokens;
begin
  update auth.one_time_tokens t set used_at = now()
  where t.token_hash = verify_email.token_hash and t.purpose = 'verify_email' and t.used_at is null and t.expires_at > now()
  returning * into token;
  update shop.customers c set is_email_verified = true where c.id = token.account_id and c.email = token.email;
  return found;
end;
$$;
comment on function logic.verify_email is 'Spends a verification token. False if it is unknown, spent, expired or of another address.';
grant execute on function logic.verify_email to service;

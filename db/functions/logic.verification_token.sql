create function logic.verification_token(customer_id uuid, token_hash bytea) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into auth.one_time_tokens (token_hash, account_id, purpose, email, expires_at)
  select verification_token.token_hash, c.id, 'verify_email', c.email, now() + interval '3 days'
  from shop.customers c where c.id = verification_token.customer_id
  on conflict on constraint one_time_tokens_pkey do nothing;
end;
$$;
comment on function logic.verification_token is 'Stores the SHA-256 of a token that proves, for three days, that its bearer reads the address.';
grant execute on function logic.verification_token to worker;

create function logic.find_token(token_hash bytea, purposes text[]) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('account_id', a.id, 'purpose', t.purpose, 'email', t.email)
    from auth.one_time_tokens t join auth.accounts a on a.id = t.account_id join shop.customers c on c.id = a.id
    where t.token_hash = find_token.token_hash and t.purpose = any(purposes)
      and t.used_at is null and t.expires_at > now() and a.is_active
      and t.created_at > coalesce(a.tokens_valid_since, '-infinity')
      and t.email = case t.purpose when 'change_email' then a.wanted_email else c.email end
  );
end;
$$;
comment on function logic.find_token is
  'Whose link this is and for which address; null if it is unknown, spent, expired, for something else, or older than the address or password.';
grant execute on function logic.find_token to service;

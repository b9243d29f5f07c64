create function logic.end_unproven_sessions() returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform logic.end_sessions(a.id, 'second factor required') from auth.accounts a
  where a.role <> 'customer' and not exists (
    select from auth.second_factors f where f.account_id = a.id and f.confirmed_at is not null
  );
end;
$$;
comment on function logic.end_unproven_sessions is
  'Ends what staff without a second factor has begun before one was required. For each start with STAFF_MFA=required, as owner.';

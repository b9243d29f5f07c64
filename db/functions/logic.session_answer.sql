create function logic.session_answer(session auth.sessions, outcome text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'outcome', outcome, 'session_id', session.id, 'counter', session.counter, 'account_id', a.id, 'role', a.role,
      'email', c.email, 'first_name', c.first_name, 'last_name', c.last_name, 'is_guest', c.is_guest,
      'has_second_factor', logic.has_second_factor(a.id)
    )
    from auth.accounts a join shop.customers c on c.id = a.id
    where a.id = session.account_id
  );
end;
$$;
comment on function logic.session_answer is 'What the service needs to make the tokens of a session.';

create function logic.guest_of(session_id uuid, counter integer default null) returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select c.id from auth.sessions s join shop.customers c on c.id = s.account_id and c.is_guest
    where s.id = guest_of.session_id and s.ended_at is null and s.expires_at > now()
      -- The answer to a refresh may have been lost; an older token proves nothing any more.
      and (guest_of.counter is null or guest_of.counter between s.counter - 1 and s.counter)
  );
end;
$$;
comment on function logic.guest_of is 'The guest whose session this is, null if it is over or not a guest''s. With a counter, that of their refresh token.';

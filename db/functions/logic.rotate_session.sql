create function logic.rotate_session(session_id uuid, counter integer, ttl_seconds integer, address inet default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session auth.sessions;
  grace constant interval := '10 seconds';
begin
  select s.* into session
  from auth.sessions s join auth.accounts a on a.id = s.account_id
  where s.id = rotate_session.session_id and s.ended_at is null and s.expires_at > now() and a.is_active
  for update of s;
  if session.id is null then
    return jsonb_build_object('outcome', 'ended');
  elsif session.counter = rotate_session.counter then
    update auth.sessions s
    set counter = s.counter + 1, rotated_at = now(), expires_at = now() + make_interval(secs => ttl_seconds),
      address = coalesce(rotate_session.address, s.address)
    where s.id = session.id returning * into session;
    return logic.session_answer(session, 'rotated');
  elsif session.counter = rotate_session.counter + 1 and session.rotated_at > now() - grace then
    -- The answer was lost, or several tabs asked at once: all get the one current token, so the family stays one line.
    return logic.session_answer(session, 'repeated');
  end if;
  -- Somebody uses a token that was replaced long ago: it is in two hands (RFC 9700, 4.14.2).
  perform logic.end_session(session.id, 'refresh token reused');
  return jsonb_build_object('outcome', 'reused');
end;
$$;
comment on function logic.rotate_session is
  'Replaces a refresh token. Outcome rotated or repeated (benign reuse within 10 seconds) with the current counter, reused (the session is ended), or ended.';
grant execute on function logic.rotate_session to service;

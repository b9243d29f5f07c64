create function logic.name_picture(room text, extension text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  image text := format('/media/%s/%s.%s', room, replace(gen_random_uuid()::text, '-', ''), extension);
begin
  -- Should the row never come, since somebody dies before, this removes the file; if it came, it does nothing.
  insert into shop.outbox (topic, payload, available_at)
  values ('picture.dropped', jsonb_build_object('image', image), now() + interval '1 hour');
  return image;
end;
$$;
comment on function logic.name_picture is 'A new path for a file that is about to be written.';
grant execute on function logic.name_picture to service;

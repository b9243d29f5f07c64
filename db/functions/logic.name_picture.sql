create function logic.name_picture(room text, extension text, mark text default '') returns text
language plpgsql security definer set search_path = '' as $$
declare
  image text := format(
    '/media/%s/%s.%s', room, left(mark || replace(gen_random_uuid()::text, '-', ''), 32), extension
  );
begin
  -- Should the row never come, since somebody dies before, this removes the file; if it came, it does nothing.
  insert into shop.outbox (topic, payload, available_at)
  values ('picture.dropped', jsonb_build_object('image', image), now() + interval '1 hour');
  return image;
end;
$$;
comment on function logic.name_picture is 'A new path for a file that is about to be written; its name may begin with a mark.';
grant execute on function logic.name_picture to service;

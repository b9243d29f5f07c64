-- What people say of themselves: some words, and a picture, which is kept and dropped as those of products are.
-- depends: 0013.audit

alter table shop.customers
  add column bio text not null default '',
  add column avatar text,
  add column avatar_thumbnails jsonb not null default '{}',
  -- squawk-ignore constraint-missing-not-valid
  add constraint customers_bio_length check (length(bio) <= 1000),
  -- squawk-ignore constraint-missing-not-valid
  add constraint customers_avatar_is_a_path check (avatar ~ '^/media/[A-Za-z0-9/_.-]+$' and avatar !~ '\.\.'),
  -- squawk-ignore constraint-missing-not-valid
  add constraint customers_avatar_thumbnails_is_object check (jsonb_typeof(avatar_thumbnails) = 'object');
-- squawk-ignore require-concurrent-index-creation
create index customers_avatar_idx on shop.customers (avatar) where avatar is not null;
grant update (bio) on shop.customers to customer;

-- squawk-ignore ban-drop-function
drop function shop.is_upload(text);
create function shop.is_upload(image text) returns boolean
language sql immutable
return image ~ '^/media/(products|categories|avatars)/[0-9a-f]{32}\.(jpg|png|webp)$';
comment on function shop.is_upload is 'Whether a path is one that uploads get; other pictures came with somebody''s files.';

create function shop.tell_of_avatar() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if shop.is_upload(old.avatar) then
    insert into shop.outbox (topic, payload) values ('picture.dropped', jsonb_build_object('image', old.avatar));
  end if;
  if tg_op = 'UPDATE' and shop.is_upload(new.avatar) then
    insert into shop.outbox (topic, payload) values ('picture.added', jsonb_build_object('image', new.avatar));
  end if;
  return null;
end;
$$;
create trigger customers_tell_of_avatar after delete on shop.customers
  for each row when (old.avatar is not null) execute function shop.tell_of_avatar();
create trigger customers_tell_of_another_avatar after update of avatar on shop.customers
  for each row when (new.avatar is distinct from old.avatar) execute function shop.tell_of_avatar();
comment on function shop.tell_of_avatar is
  'Has copies made of a new picture of somebody, and the files of the old one removed, also when its owner leaves.';

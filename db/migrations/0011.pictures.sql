-- What pictures are: sizes, and the smaller copies that a worker makes.
-- Uploads bear names that are made for them alone (32 hexadecimal digits), so a file belongs to the rows that name it
-- and to nothing else. A row that comes or goes tells the workers, who make the copies and remove the files.
-- depends: 0010.search

alter table shop.product_images
  add column width integer,
  add column height integer,
  add column thumbnails jsonb not null default '{}',
  -- squawk-ignore constraint-missing-not-valid
  add constraint product_images_size_is_positive check (width > 0 and height > 0),
  -- squawk-ignore constraint-missing-not-valid
  add constraint product_images_thumbnails_is_object check (jsonb_typeof(thumbnails) = 'object');
-- squawk-ignore require-concurrent-index-creation
create index product_images_image_idx on shop.product_images (image);
alter table shop.categories
  -- squawk-ignore constraint-missing-not-valid
  add constraint categories_image_is_a_path check (image ~ '^/media/[A-Za-z0-9/_.-]+$' and image !~ '\.\.');

create function shop.is_upload(image text) returns boolean
language sql immutable
return image ~ '^/media/(products|categories)/[0-9a-f]{32}\.(jpg|png|webp)$';
comment on function shop.is_upload is 'Whether a path is one that uploads get; other pictures came with somebody''s files.';

create function shop.tell_of_picture() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op <> 'INSERT' and shop.is_upload(old.image) then
    insert into shop.outbox (topic, payload) values ('picture.dropped', jsonb_build_object('image', old.image));
  end if;
  if tg_op <> 'DELETE' and tg_table_name = 'product_images' and shop.is_upload(new.image) then
    insert into shop.outbox (topic, payload) values ('picture.added', jsonb_build_object('image', new.image));
  end if;
  return null;
end;
$$;
create trigger product_images_tell after insert or delete on shop.product_images
  for each row execute function shop.tell_of_picture();
create trigger product_images_tell_of_another after update of image on shop.product_images
  for each row when (new.image <> old.image) execute function shop.tell_of_picture();
create trigger categories_tell_of_picture after delete on shop.categories
  for each row when (old.image is not null) execute function shop.tell_of_picture();
create trigger categories_tell_of_another_picture after update of image on shop.categories
  for each row when (new.image is distinct from old.image) execute function shop.tell_of_picture();
comment on function shop.tell_of_picture is 'Has copies made of a new picture, and files removed that nobody names any more.';

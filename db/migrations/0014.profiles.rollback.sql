-- Undoes 0014.profiles.
-- depends: 0013.audit

drop trigger customers_tell_of_another_avatar on shop.customers;
drop trigger customers_tell_of_avatar on shop.customers;
drop function shop.tell_of_avatar();
drop function shop.is_upload(text);
create function shop.is_upload(image text) returns boolean
language sql immutable
return image ~ '^/media/(products|categories)/[0-9a-f]{32}\.(jpg|png|webp)$';
comment on function shop.is_upload is 'Whether a path is one that uploads get; other pictures came with somebody''s files.';
drop index shop.customers_avatar_idx;
alter table shop.customers
  drop constraint customers_avatar_thumbnails_is_object,
  drop constraint customers_avatar_is_a_path,
  drop constraint customers_bio_length,
  drop column avatar_thumbnails,
  drop column avatar,
  drop column bio;

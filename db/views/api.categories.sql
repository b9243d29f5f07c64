create view api.categories with (security_invoker) as
select id, name, slug, description, parent_id, image, is_active, created_at, updated_at, thumbnails
from shop.categories;
comment on view api.categories is $$Categories
The tree that products hang in; customers see active ones.$$;
comment on column api.categories.id is 'Key.';
comment on column api.categories.name is 'Name, unique.';
comment on column api.categories.slug is 'Name in URLs: lower-case letters, digits and single hyphens; unique.';
comment on column api.categories.description is 'Text for people.';
comment on column api.categories.parent_id is 'The category above, null at the top. Never itself or one below it.';
comment on column api.categories.image is 'Path of a picture.';
comment on column api.categories.is_active is 'Whether customers see it.';
comment on column api.categories.created_at is 'When it was made.';
comment on column api.categories.updated_at is 'When it last changed.';
comment on column api.categories.thumbnails is
  'Paths of smaller copies of the picture by width in pixels, {"160": …, "480": …, "960": …}; empty until they are made.';
grant select on api.categories to anon, customer;
grant insert (name, slug, description, parent_id, image, is_active),
  update (name, slug, description, parent_id, image, is_active), delete on api.categories to staff;

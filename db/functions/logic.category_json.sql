create function logic.category_json(category shop.categories) returns json
language sql stable
return json_build_object(
  'id', category.id, 'name', category.name, 'slug', category.slug, 'description', category.description,
  'parent', category.parent_id, 'image', category.image, 'thumbnails', category.thumbnails,
  'is_active', category.is_active
);
comment on function logic.category_json is 'A category as /api/v1 shows it.';
grant execute on function logic.category_json to anon, customer;

create function v1.create_category(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "name": "text!", "slug": "text", "description": "text", "parent": "uuid", "is_active": "boolean"
  }');
  made shop.categories;
begin
  insert into shop.categories (name, slug, description, parent_id, is_active)
  values (
    given ->> 'name', coalesce(given ->> 'slug', logic.slug(given ->> 'name')), coalesce(given ->> 'description', ''),
    (given ->> 'parent')::uuid, coalesce((given ->> 'is_active')::boolean, true)
  )
  returning * into made;
  perform set_config('response.status', '201', true);
  return logic.category_json(made);
end;
$$;
comment on function v1.create_category is $$Add a category
For staff. Fields: name; slug (made from the name), description, parent, is_active. Errors: 409 when name or slug is taken, 422 validation_failed.$$;
grant execute on function v1.create_category to staff;

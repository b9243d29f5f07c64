create function v1.update_category(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "name": "text", "slug": "text", "description": "text", "parent": "uuid", "is_active": "boolean"
  }', (select logic.category_json(c)::jsonb from shop.categories c where c.slug = logic.header('x-path-slug')));
  changed shop.categories;
begin
  update shop.categories c set
    name = coalesce(given ->> 'name', c.name),
    slug = coalesce(given ->> 'slug', c.slug),
    description = coalesce(given ->> 'description', c.description),
    parent_id = case when given ? 'parent' then (given ->> 'parent')::uuid else c.parent_id end,
    is_active = coalesce((given ->> 'is_active')::boolean, c.is_active)
  where c.slug = logic.header('x-path-slug')
  returning * into changed;
  if changed.id is null then
    perform logic.problem(404, 'category_not_found', 'There is no such category.');
  end if;
  return logic.category_json(changed);
end;
$$;
comment on function v1.update_category is $$Change a category
For staff. Fields as for a new one; what is left out stays, parent null moves it to the top. Errors: 404 category_not_found, 409 when name or slug is taken, 422 validation_failed.$$;
grant execute on function v1.update_category to staff;

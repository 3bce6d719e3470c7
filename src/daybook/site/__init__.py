"""The site of `render-docs`: `site.render` is the light path, `site_build` the heavy one."""

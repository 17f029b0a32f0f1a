import './theme.css';
import { mount } from 'svelte';
import App from './App.svelte';

const theme = localStorage.getItem('theme');
if (theme) document.documentElement.dataset.theme = theme;

export default mount(App, { target: document.getElementById('app')! });
